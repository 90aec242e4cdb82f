import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transaction } from './database.js';

/** Where in a unit of work the running code is. */
interface Place {
  readonly unit: UnitOfWork;
  /** Inside a part: what is called from here runs in that part, for its turn is taken. */
  readonly inPart: boolean;
}

const places = new AsyncLocalStorage<Place>();

/**
 * One transaction that whatever runs within it joins, whichever pool it asks: all of it is there, or nothing. A transaction opened
 * inside becomes a savepoint, a single statement too: one that fails must not take the others along (25P02). Parts run one after
 * the other, since savepoints of two at once would be released crosswise.
 */
export class UnitOfWork {
  private open = true;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly afterCommit: (() => void)[] = [];

  /** @param timeoutMs of a statement on this connection; 0 is none. @param withTimeout the same connection for statements of another */
  constructor(
    readonly url: string,
    readonly tx: Transaction,
    private readonly timeoutMs: number,
    private readonly withTimeout: (timeoutMs: number) => Transaction,
  ) {}

  /** The unit that the running code belongs to, if it is one of that database and not over. */
  static of(url: string): UnitOfWork | undefined {
    const unit = places.getStore()?.unit;
    return unit?.open && unit.url === url ? unit : undefined;
  }

  /** Whether the running code belongs to a unit, of whichever database. */
  static isOpen(): boolean {
    return places.getStore()?.unit.open ?? false;
  }

  /**
   * Runs `work` within the unit; if it throws, nothing of it is left and the transaction may go on. What `work` starts and does not
   * wait for is outside once it has ended.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.tx.raw('savepoint work');
    try {
      return await places.run({ unit: this, inPart: false }, work);
    } catch (error) {
      await this.turn;
      await this.tx.raw('rollback to savepoint work').catch(() => undefined);
      throw error;
    } finally {
      this.open = false;
    }
  }

  /** One part, in its turn: all of it or nothing. @param timeoutMs of its statements, as the pool that was asked has it */
  async part<T>(timeoutMs: number, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (places.getStore()?.inPart) return this.savepoint(timeoutMs, work);
    const mine = this.turn.then(() => this.savepoint(timeoutMs, work));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  /** A statement on its own. */
  statement<T>(timeoutMs: number, run: (tx: Transaction) => Promise<T>): Promise<T> {
    return places.getStore()?.inPart ? run(this.tx) : this.part(timeoutMs, run);
  }

  /** What must wait for the commit: a hint to look for what nobody can see yet. */
  whenCommitted(act: () => void): void {
    this.afterCommit.push(act);
  }

  committed(): void {
    for (const act of this.afterCommit) act();
  }

  private async savepoint<T>(timeoutMs: number, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const own = timeoutMs !== this.timeoutMs;
    await this.tx.raw(`savepoint part${own ? `; set local statement_timeout = ${timeoutMs}` : ''}`);
    try {
      const tx = own ? this.withTimeout(timeoutMs) : this.tx;
      const result = await places.run({ unit: this, inPart: true }, () => work(tx));
      await this.tx.raw(`${own ? `set local statement_timeout = ${this.timeoutMs}; ` : ''}release savepoint part`);
      return result;
    } catch (error) {
      // Where the connection is gone this fails too, and the first error is the one that says so.
      await this.tx.raw('rollback to savepoint part; release savepoint part').catch(() => undefined);
      throw error;
    }
  }
}

/** Runs `act` once what is written now can be seen: at once, or after the commit of the unit of work that the caller is in. */
export function onceCommitted(act: () => void): void {
  const unit = places.getStore()?.unit;
  if (unit && UnitOfWork.of(unit.url)) unit.whenCommitted(act);
  else act();
}
