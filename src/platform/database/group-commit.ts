import { isConnectionLoss, sqlState } from './pg-errors.js';
import { UnitOfWork } from './unit-of-work.js';

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what concurrent callers bring in one transaction after another: while one is under way the next gathers, so an idle process
 * adds no waiting and a busy one pays its round trips and its flush once for many. A caller is answered after the commit.
 *
 * Where the database refuses a batch, it is halved until the row that it refuses stands alone: one bad row never fails its
 * neighbours. `write` must therefore be one transaction and fit to be done again.
 *
 * What is brought within a unit of work is written in it and by itself: it commits or fails with that unit, and nobody else's does.
 */
export class GroupCommit<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private running = false;

  /**
   * @param write stores the items in one transaction and answers one result for each, in their order
   * @param most items of one transaction
   */
  constructor(
    private readonly write: (items: readonly T[]) => Promise<readonly R[]>,
    private readonly most = 500,
  ) {}

  /** @throws what `write` throws for this very item, or for all of them where the database cannot be reached. */
  async add(item: T): Promise<R> {
    return (await this.addAll([item]))[0]!;
  }

  /** Several of one caller, in their order. @throws for the first of them that is refused; the others are written all the same */
  async addAll(items: readonly T[]): Promise<R[]> {
    const batch: Waiting<T, R>[] = [];
    const results = items.map((item) => new Promise<R>((resolve, reject) => batch.push({ item, resolve, reject })));
    if (UnitOfWork.isOpen()) void this.settleAll(batch);
    else this.gather(batch);
    return Promise.all(results);
  }

  private gather(batch: readonly Waiting<T, R>[]): void {
    this.waiting.push(...batch);
    if (!this.running) void this.drain();
  }

  private async settleAll(batch: readonly Waiting<T, R>[]): Promise<void> {
    for (let from = 0; from < batch.length; from += this.most) await this.settle(batch.slice(from, from + this.most));
  }

  private async drain(): Promise<void> {
    this.running = true;
    // One turn of the event loop: requests that one read of the sockets brought together are written together.
    await new Promise((turn) => setImmediate(turn));
    while (this.waiting.length > 0) await this.settle(this.waiting.splice(0, this.most));
    this.running = false;
  }

  private async settle(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      if (batch.length === 1 || !blamesARow(error)) return batch.forEach(({ reject }) => reject(error));
      const half = batch.length >> 1;
      await this.settle(batch.slice(0, half));
      await this.settle(batch.slice(half));
    }
  }
}

/** The database read the statement and refused it; one that is gone or out of room (53) would refuse every half of it too. */
function blamesARow(error: unknown): boolean {
  return sqlState(error) !== undefined && !isConnectionLoss(error) && !sqlState(error)!.startsWith('53');
}
