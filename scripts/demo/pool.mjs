/**
 * Runs `work` over the items, at most `width` at a time, in order of their start. The first failure ends it: items not begun are left.
 * @template T @param {Iterable<T>} items @param {number} width @param {(item: T, index: number) => Promise<void>} work
 */
export async function inParallel(items, width, work) {
  const queue = [...items].entries();
  let failed = false;
  const lane = async () => {
    for (const [index, item] of queue) {
      if (failed) return;
      await work(item, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, lane));
  } catch (error) {
    failed = true;
    throw error;
  }
}

/** Cuts a list into pieces of at most `size`. */
export function piecesOf(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

/**
 * Asks again and again until the answer suffices or time is up.
 * @returns the last answer, sufficient or not
 */
export async function poll(ask, suffices, { everyMs = 200, forMs = 60_000 } = {}) {
  const deadline = performance.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (suffices(answer) || performance.now() >= deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
