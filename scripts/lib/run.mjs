import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/** A message for the person at the terminal, printed without a stack. */
export class Told extends Error {}

/** Ends the process with a one-line reason for a `Told`, with the stack for anything else. */
export function failWith(error) {
  console.error(error instanceof Told ? error.message : error);
  process.exit(1);
}

/**
 * Runs a program in the checkout with our terminal (its output goes to stderr) and resolves to its exit code.
 * It is ended when we are asked to end, so that nothing outlives us.
 */
export function run(command, args, { env = process.env, quiet = false } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', quiet ? 'ignore' : 2, quiet ? 'ignore' : 2] });
    const pass = () => child.kill('SIGTERM');
    process.once('exit', pass);
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      process.removeListener('exit', pass);
      done(code ?? (signal ? 128 : 1));
    });
  });
}
