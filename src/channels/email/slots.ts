interface Waiter {
  timer: NodeJS.Timeout;
  resolve(got: 'taken' | 'late' | 'closed'): void;
}

/** A counting semaphore whose waiters give up: first come, first served. */
export class Slots {
  private readonly waiters = new Set<Waiter>();
  private busy = 0;
  private closing = false;
  private drained?: () => void;

  constructor(private readonly size: number) {}

  /** Waits at most `ms` for a slot. Never rejects. */
  take(ms: number): Promise<'taken' | 'late' | 'closed'> {
    if (this.closing) return Promise.resolve('closed');
    if (this.busy < this.size) {
      this.busy++;
      return Promise.resolve('taken');
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.end(waiter, 'late'), ms);
      const waiter: Waiter = { timer, resolve };
      this.waiters.add(waiter);
    });
  }

  /** Hands the slot to whoever waited longest. */
  give(): void {
    const [next] = this.waiters;
    if (next) return this.end(next, 'taken');
    this.busy--;
    if (this.busy === 0) this.drained?.();
  }

  /** Turns the waiters away and resolves when every slot is back. */
  async close(): Promise<void> {
    this.closing = true;
    for (const waiter of this.waiters) this.end(waiter, 'closed');
    if (this.busy > 0) await new Promise<void>((resolve) => (this.drained = resolve));
  }

  private end(waiter: Waiter, got: 'taken' | 'late' | 'closed'): void {
    this.waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve(got);
  }
}
