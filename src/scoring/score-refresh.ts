import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlState, type Transaction } from '../platform/database/index.js';
import { SettingsService } from '../settings/index.js';
import { toColumns } from './columns.js';
import { writeForecasts } from './forecasts.js';
import type { Channel, FittedPriors } from './engagement-priors.js';
import { currentInstant, scoreSql, type BuyerRow, type PurchaseScope, type ScoreModels } from './score-store.js';
import { ScoreThreads } from './score-threads.js';
import type { ValueModel } from './value-model.js';
import type { WorthModel } from './worth-model.js';

export interface RefreshResult {
  asOf: Date;
  users: number;
  models: ScoreModels;
}

type Report = (progress: number) => Promise<void>;

// Four parameters are known to three digits from this many buyers; more would only keep the transaction open.
const FIT_SAMPLE = 50_000;
const PAGE_IDS = 20_000n;
const NIGHT_HOUR_UTC = 2;
const FOREIGN_KEY_VIOLATION = '23503';
/** Holdouts older than this say little about the people and offers of today. */
const HOLDOUT_MEMORY_MS = 180 * 86_400_000;

/** The latest 02:00 UTC that has passed: scores older than this are yesterday's. */
export function lastNight(now: Date): Date {
  const night = new Date(now);
  night.setUTCHours(NIGHT_HOUR_UTC, 0, 0, 0);
  if (night > now) night.setUTCDate(night.getUTCDate() - 1);
  return night;
}

/** Recomputes all scores in one transaction: readers see the old ones until the new ones are whole. */
@Injectable()
export class ScoreRefresh {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly settings: SettingsService,
    private readonly threads: ScoreThreads,
    private readonly clock: Clock,
  ) {}

  /** @param report is told the progress, 0 to 1 */
  run(report: Report = async () => undefined): Promise<RefreshResult> {
    return retryOnErasure(() => this.database.transaction(async (tx) => {
      await tx.query(scoreSql.lock, {});
      return this.refresh(tx, report);
    }));
  }

  /** The nightly round and the first refresh of an installation; several workers may ask at once, one does it. */
  async runIfDue(): Promise<RefreshResult | undefined> {
    if (!(await this.isDue(this.database))) return undefined;
    return retryOnErasure(() => this.database.transaction(async (tx) => {
      await tx.query(scoreSql.lock, {});
      return (await this.isDue(tx)) ? this.refresh(tx, async () => undefined) : undefined;
    }));
  }

  private async isDue(db: Transaction | WorkerDatabase): Promise<boolean> {
    const { purchaseEvent, currency } = await this.settings.get();
    const [row] = await db.query(scoreSql.isDue, { purchaseEvent, currency, night: lastNight(await currentInstant(db, this.clock)) });
    return row!.due;
  }

  private async refresh(tx: Transaction, report: Report): Promise<RefreshResult> {
    const { purchaseEvent, currency } = await this.settings.get();
    const scope: PurchaseScope = { purchaseEvent, currency, asOf: await currentInstant(tx, this.clock) };
    const [{ users } = { users: 0 }] = await tx.query(scoreSql.refreshRfm, scope);
    await report(0.3);
    const value = await this.scoreValues(tx, scope, report);
    const models: ScoreModels = { value, engagement: await this.fitEngagement(tx), worth: await this.fitWorth(tx, scope) };
    await tx.query(scoreSql.insertRefresh, { ...scope, users, models: JSON.stringify(models) });
    return { asOf: scope.asOf, users, models };
  }

  private async scoreValues(tx: Transaction, scope: PurchaseScope, report: Report): Promise<ValueModel> {
    const [range] = await tx.query(scoreSql.scoredRange, {});
    const sample = { ...scope, stride: Math.max(1, Math.ceil(range!.users / FIT_SAMPLE)) };
    const histories = await tx.query(scoreSql.compressHistories, sample);
    const spends = await tx.query(scoreSql.compressSpends, sample);
    const model = await this.threads.run('fitValue', [
      toColumns(histories, ['repeats', 'lastAt', 'age', 'weight']), toColumns(spends, ['purchases', 'meanSpend', 'weight']),
    ]);
    await report(0.5);
    if (!model.purchases.fitted) return model;
    const [first, last] = [BigInt(range!.firstId), BigInt(range!.lastId)];
    await writeForecasts(tx, this.threads, model, this.buyers(tx, scope, first, last, (share) => report(0.5 + 0.4 * share)));
    return model;
  }

  /** @param passed is told the share of the range that lies behind */
  private async *buyers(tx: Transaction, scope: PurchaseScope, first: bigint, last: bigint, passed: Report): AsyncGenerator<BuyerRow[]> {
    for (let from = first; from <= last; from += PAGE_IDS) {
      yield await tx.query(scoreSql.readHistories, { ...scope, firstId: String(from), lastId: String(from + PAGE_IDS - 1n) });
      await passed(Math.min(1, Number(from + PAGE_IDS - first) / Number(last - first + 1n)));
    }
  }

  private async fitEngagement(tx: Transaction): Promise<Record<Channel, FittedPriors>> {
    const rows = await tx.query(scoreSql.compressAttention, {});
    return this.threads.run('fitEngagement', [toColumns(rows, ['channel', 'messages', 'opens', 'lastOpened', 'leftAt', 'weight'])]);
  }

  private async fitWorth(tx: Transaction, { asOf, purchaseEvent, currency }: PurchaseScope): Promise<WorthModel> {
    const segments = (await tx.query(scoreSql.listWorthSegments, {})).map(({ key }) => key);
    const histories = await tx.query(scoreSql.compressWorth, { segments });
    const since = new Date(asOf.getTime() - HOLDOUT_MEMORY_MS);
    const holdouts = await tx.query(scoreSql.measureHoldouts, { since, asOf });
    const values = await tx.query(scoreSql.meanConversionValues, { purchaseEvent, currency });
    const credited = await tx.query(scoreSql.meanCreditedValues, { since, currency });
    const valueOn = (channel: Channel): number | null => credited.find((row) => row.channel === channel)?.value ?? null;
    const eventValues = Object.fromEntries(values.map(({ event, value }) => [event, value]));
    const columns = toColumns(histories, ['channel', 'segment', 'messages', 'opens', 'conversions', 'leftAt', 'weight']);
    return this.threads.run('fitWorth', [columns, holdouts, eventValues, { push: valueOn('push'), email: valueOn('email') }]);
  }
}

/** Somebody erased while a refresh runs breaks the foreign key of their new score: the next attempt does not see them. */
async function retryOnErasure<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION || attempt === 3) throw error;
    }
  }
}
