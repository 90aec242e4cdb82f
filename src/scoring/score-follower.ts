import { Injectable } from '@nestjs/common';
import type { AcceptedEvent } from '../events/index.js';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, type Transaction } from '../platform/database/index.js';
import { SettingsService } from '../settings/index.js';
import { writeForecasts } from './forecasts.js';
import { currentInstant, scoreSql, type BuyerRow, type PurchaseScope, type RefreshRow } from './score-store.js';
import { ScoreThreads } from './score-threads.js';

/** Marks in one transaction: it takes well under a second, and the refresh that waits for its lock no longer. */
const MARKS_AT_ONCE = 5_000;

/**
 * Brings the scores of whoever bought up to date between two refreshes: given the cut points and the parameters of the latest one,
 * they follow from the user's own purchases alone. What follows from everybody's waits for the next refresh.
 */
@Injectable()
export class ScoreFollower {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly threads: ScoreThreads,
    private readonly clock: Clock,
  ) {}

  /** Within the transaction that stores the events. Another currency marks too: the setting may change before the mark is read. */
  async mark(tx: Transaction, accepted: readonly AcceptedEvent[]): Promise<void> {
    const { purchaseEvent } = await this.settings.get();
    const ids = new Set(accepted.filter(({ name }) => name === purchaseEvent).map(({ userId }) => userId));
    if (ids.size > 0) await tx.query(scoreSql.mark, { ids: [...ids] });
  }

  /** Everybody who is marked, batch by batch. */
  async follow(): Promise<void> {
    for (;;) {
      const [row] = await this.database.query(scoreSql.findMark, {});
      if (!row!.marked) return;
      if (!(await this.database.transaction((tx) => this.followSome(tx)))) return;
    }
  }

  /** @returns false if it is not the time: a refresh runs or is due, and will see these purchases or leave them for after it */
  private async followSome(tx: Transaction): Promise<boolean> {
    const [lock] = await tx.query(scoreSql.tryLock, {});
    if (!lock!.locked) return false;
    const [latest] = await tx.query(scoreSql.latestRefresh, {});
    const { purchaseEvent, currency } = await this.settings.get();
    const stale = latest && (latest.purchaseEvent !== purchaseEvent || latest.currency !== currency);
    if (stale) return false;
    const ids = (await tx.query(scoreSql.takeMarks, { limit: MARKS_AT_ONCE })).map(({ id }) => id);
    // Before the first refresh nobody has a score, and it will read these purchases, which are committed.
    if (latest && ids.length > 0) await this.score(tx, latest, ids, { purchaseEvent, currency, asOf: await currentInstant(tx, this.clock) });
    return true;
  }

  private async score(tx: Transaction, { id: refreshId, models }: RefreshRow, ids: string[], scope: PurchaseScope): Promise<void> {
    await tx.query(scoreSql.followRfm, { ...scope, ids, refreshId });
    if (!models.value.purchases.fitted) return;
    await writeForecasts(tx, this.threads, models.value, buyersOf(tx, scope, ids));
  }
}

/** One page: marks are taken in batches. */
async function* buyersOf(tx: Transaction, scope: PurchaseScope, ids: string[]): AsyncGenerator<BuyerRow[]> {
  yield await tx.query(scoreSql.readHistoriesOf, { ...scope, ids });
}
