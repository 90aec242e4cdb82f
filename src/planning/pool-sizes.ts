/** Waves that a process remembers: more than are ever due at once. */
const REMEMBERED = 1_000;

/**
 * How large a wave's pool was in the bucket before: what to expect of the next one. It decides only which way is taken, never what is
 * decided, so that a process that has just started may know nothing.
 */
export class PoolSizes {
  private readonly sizes = new Map<string, number>();

  expected(waveId: string): number {
    return this.sizes.get(waveId) ?? 0;
  }

  saw(waveId: string, size: number): void {
    this.sizes.delete(waveId);
    this.sizes.set(waveId, size);
    if (this.sizes.size > REMEMBERED) this.sizes.delete(this.sizes.keys().next().value!);
  }
}
