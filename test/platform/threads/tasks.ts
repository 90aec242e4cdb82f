/** Tasks for the thread pool's test; a file of the tests is TypeScript, which is the case that needs care. */
import { threadId } from 'node:worker_threads';
import { doubled } from './tasks-helper.js';

export const add = (a: number, b: number): number => a + doubled(b) - b;
export const whoAmI = async (): Promise<number> => threadId;

export function spin(): never {
  for (;;);
}

export function hoard(): number {
  const kept: number[][] = [];
  for (;;) kept.push(new Array<number>(1e5).fill(kept.length + 0.5));
}

export function refuse(): void {
  throw Object.assign(new RangeError('too large', { cause: new Error('the disk is full') }), { code: 'E_LARGE', at: [1, 2] });
}

export function leave(): never {
  process.exit(3);
}
