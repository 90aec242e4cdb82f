import type { SentError } from './thread-error.js';

export interface ThreadData {
  /** file: URL of the module whose exported functions are the tasks. */
  readonly module: string;
  /** A data: URL with the hooks that let Node load TypeScript; absent in the build, which has none. */
  readonly hooks?: string;
}

export type ToThread = { readonly task: string; readonly args: readonly unknown[] };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: SentError };

/**
 * What runs in a thread, as text: a file of its own would be TypeScript under the tests, which Node 20 cannot start a thread from.
 * CommonJS, since `eval` knows nothing else; the module with the tasks is imported.
 */
export const THREAD_START = `
const { parentPort, workerData } = require('node:worker_threads');
if (workerData.hooks) require('node:module').register(workerData.hooks, { data: { from: workerData.module } });

const cloneable = (value) => {
  try { structuredClone(value); return true; } catch { return false; }
};
const sent = (error) => {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} };
  const fields = Object.fromEntries(Object.entries(error).filter(([key, value]) => key !== 'cause' && key !== 'name' && cloneable(value)));
  const cause = error.cause === undefined ? {} : { cause: sent(error.cause) };
  return { name: error.name, message: error.message, stack: error.stack, ...cause, fields };
};

import(workerData.module).then((tasks) => {
  parentPort.on('message', async ({ task, args }) => {
    try {
      if (typeof tasks[task] !== 'function') throw new TypeError('there is no task ' + task + ' in ' + workerData.module);
      parentPort.postMessage({ kind: 'result', result: await tasks[task](...args) });
    } catch (error) {
      parentPort.postMessage({ kind: 'error', error: sent(error) });
    }
  });
  parentPort.postMessage({ kind: 'ready' });
}, (error) => { throw error; });
`;

/** Module hooks that compile TypeScript on the way in, for threads of the tests; types are checked elsewhere. */
const TYPESCRIPT_HOOKS = `
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
let ts;
export function initialize({ from }) { ts = createRequire(from)('typescript'); }
export function resolve(specifier, context, next) {
  const ours = /^\\.{1,2}\\//.test(specifier) && context.parentURL?.endsWith('.ts');
  return next(ours ? specifier.replace(/\\.js$/, '.ts') : specifier, context);
}
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const options = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022, experimentalDecorators: true, emitDecoratorMetadata: true };
  const { outputText } = ts.transpileModule(await readFile(fileURLToPath(url), 'utf8'), { compilerOptions: options });
  return { format: 'module', source: outputText, shortCircuit: true };
}
`;

/** How to start a thread for the tasks of a module, from the build as well as from the sources. */
export function threadData(module: URL): ThreadData {
  if (!import.meta.url.endsWith('.ts')) return { module: module.href };
  const hooks = `data:text/javascript,${encodeURIComponent(TYPESCRIPT_HOOKS)}`;
  return { module: module.href.replace(/\.js$/, '.ts'), hooks };
}
