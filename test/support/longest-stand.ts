import { performance } from 'node:perf_hooks';

/** The longest time that the event loop did not turn, and how long the work took, in milliseconds. */
export async function longestStand(work: () => Promise<unknown>): Promise<{ stand: number; took: number }> {
  let over = false;
  let stand = 0;
  const began = performance.now();
  let last = began;
  const turn = (): void => {
    const now = performance.now();
    stand = Math.max(stand, now - last);
    last = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  turn();
  return { stand, took: last - began };
}
