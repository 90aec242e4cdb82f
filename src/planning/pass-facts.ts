import { sqlFile, type Transaction } from '../platform/database/index.js';
import { joiningSets } from './join-search.js';
import type { IdRange } from './pass-parameters.js';

interface Window {
  now: Date;
  /** Nothing counted at or before it can matter to any window of the pass. */
  horizon: Date;
}

type Channel = 'push' | 'email';
type Seen = Window & { firstMonth: string; passWaves: readonly string[] };

/** A message that counts; at is null while it is not settled. */
export interface CountedRow {
  month: string;
  id: string;
  channel: Channel;
  topic: string | null;
  at: Date | null;
}

const clearPool = sqlFile(import.meta.url, './sql/clear-pass-pool.sql');
const clearAsked = sqlFile(import.meta.url, './sql/clear-pass-asked.sql');
const findFirstMonth = sqlFile<{ horizon: Date }, { firstMonth: string }>(import.meta.url, './sql/find-first-month.sql');
const gatherBucketHistory = sqlFile<IdRange & Seen & { someKnown: boolean }>(import.meta.url, './sql/gather-bucket-history.sql');
const gatherPoolHistory = sqlFile<Seen>(import.meta.url, './sql/gather-pool-history.sql');
const recallHistory = sqlFile<{ userId: string; decisionId: string; horizon: Date; firstMonth: string }, CountedRow>(import.meta.url, './sql/recall-history.sql');
const recallHistoryAt = sqlFile<{ userId: string; at: Date; horizon: Date; firstMonth: string }>(import.meta.url, './sql/recall-history-at.sql');
const gatherHeard = sqlFile<{ now: Date; channel: Channel }>(import.meta.url, './sql/gather-heard.sql');

/**
 * What a pass knows of its users' messages, in tables of the session: read from the ledger once, after the lock and before anything is
 * decided on the user; what the pass then takes is added by its own statements. The history of a small pool is read user by user, for a
 * large one that of the whole bucket, for all waves to come; what was heard is read of those a wave asks for and none before it did.
 */
export class PassFacts {
  /** Above it one range scan of the whole bucket is cheaper than asking user by user. Tests move it: both ways are held to the oracle. */
  static smallPool = 2_048;
  private wholeHistory = false;
  private someKnown = false;
  private pooled = false;
  private asked = false;

  private constructor(
    private readonly tx: Transaction,
    private readonly range: IdRange,
    private readonly seen: Seen,
  ) {}

  static async begin(tx: Transaction, range: IdRange, window: Window, passWaves: readonly string[]): Promise<PassFacts> {
    const [found] = await tx.query(findFirstMonth, { horizon: window.horizon });
    return new PassFacts(tx, range, { ...window, passWaves, firstMonth: found!.firstMonth });
  }

  /** Makes room for whom the next wave is about. @param table what they are put into: pass_pool, or pass_asked where the audience is split */
  async makeRoom(table: 'pool' | 'asked'): Promise<void> {
    if (this.pooled) await this.tx.query(clearPool, {});
    if (this.asked) await this.tx.query(clearAsked, {});
    this.pooled = table === 'pool';
    this.asked = table === 'asked';
  }

  /** The history of everybody in the pool of this size stands in pass_history. */
  async history(pooled: number): Promise<void> {
    if (this.wholeHistory) return;
    if (pooled <= PassFacts.smallPool) {
      this.someKnown = true;
      return void (await this.tx.query(gatherPoolHistory, this.seen));
    }
    await this.gatherHistory();
  }

  /** The one user's history stands in pass_history as it was when this row of the ledger was decided. @returns it, the youngest last */
  async recall(userId: string, decisionId: string): Promise<CountedRow[]> {
    this.wholeHistory = true;
    const { horizon, firstMonth } = this.seen;
    return this.tx.query(recallHistory, { userId, decisionId, horizon, firstMonth });
  }

  /** Likewise, without what has been decided after the instant of a pass that is only thought of. */
  async recallNow(userId: string): Promise<void> {
    this.wholeHistory = true;
    const { now, horizon, firstMonth } = this.seen;
    await this.tx.query(recallHistoryAt, { userId, at: now, horizon, firstMonth });
  }

  /** @returns whether the history of everybody in the bucket stands in pass_history, as it does where so large a pool is expected */
  async ahead(expected: number): Promise<boolean> {
    if (!this.wholeHistory && expected > PassFacts.smallPool) await this.gatherHistory();
    return this.wholeHistory;
  }

  private async gatherHistory(): Promise<void> {
    await joiningSets(this.tx, () => this.tx.query(gatherBucketHistory, { ...this.range, ...this.seen, someKnown: this.someKnown }));
    this.wholeHistory = true;
  }

  /**
   * What became of the channel's messages to whoever is asked for stands in pass_heard; no row is nothing heard.
   * @param ask puts them into pass_asked, where they do not stand yet
   */
  async heard(channel: Channel, ask: () => Promise<unknown>): Promise<void> {
    if (!this.asked) await ask();
    this.asked = true;
    await joiningSets(this.tx, () => this.tx.query(gatherHeard, { now: this.seen.now, channel }), 'bitmaps');
  }
}
