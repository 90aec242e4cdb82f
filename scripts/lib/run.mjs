import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { inRoot, root } from './paths.mjs';

/** A message for the person at the terminal, printed without a stack. */
export class Told extends Error {}

/** Ends the process with a one-line reason for a `Told`, with the stack for anything else. */
export function failWith(error) {
  console.error(error instanceof Told ? error.message : error);
  process.exit(1);
}

/** Flags for a Node child that must not outlive us, not even when we are killed by -9. */
export const diesWithUs = ['--import', inRoot('scripts', 'lib', 'die-with-parent.mjs')];

/**
 * Runs a program in the checkout with our terminal (its output goes to stderr) and resolves to its exit code.
 * A signal that ends us ends it too.
 */
export async function run(command, args, { env = process.env, quiet = false } = {}) {
  const output = quiet ? 'ignore' : 2;
  const child = spawn(command, command === process.execPath ? [...diesWithUs, ...args] : args, { cwd: root, env, stdio: ['ignore', output, output] });
  const pass = (signal) => {
    child.kill(signal);
    process.exit(128 + constants.signals[signal]);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.once(signal, pass);
  try {
    return await new Promise((done, fail) => {
      child.once('error', fail);
      child.once('exit', (code, signal) => done(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    for (const signal of signals) process.removeListener(signal, pass);
  }
}
