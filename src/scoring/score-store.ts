import { sqlFile } from '../platform/database/index.js';
import type { Clock } from '../platform/clock/index.js';
import type { Queryable } from '../platform/database/index.js';
import type { ChannelHistory, Channel, FittedPriors } from './engagement-priors.js';
import type { AttentionHistory } from './attention.js';
import type { DayHistory, ValueModel } from './value-model.js';
import type { MovementRow } from './rfm-movement.js';
import type { HoldoutArms, WorthHistory, WorthModel } from './worth-model.js';

/** Which events are purchases and up to when they count. */
export interface PurchaseScope {
  purchaseEvent: string;
  currency: string;
  asOf: Date;
}

/** What a refresh fitted, kept with it. */
export interface ScoreModels {
  value: ValueModel;
  engagement: Record<Channel, FittedPriors>;
  worth: WorthModel;
}

export interface GridRow {
  recency: number;
  frequency: number;
  monetary: number;
  users: number;
  /** numeric as text */
  revenue: string;
}

export interface UserScoresRow {
  id: string;
  recency: number | null;
  frequency: number | null;
  monetary: number | null;
  group: string | null;
  lastPurchaseAt: Date | null;
  purchases: string | null;
  revenue: string | null;
  probabilityAlive: number | null;
  expectedPurchases90d: number | null;
  expectedValue90d: number | null;
  asOf: Date | null;
}

export interface RefreshRow {
  id: string;
  asOf: Date;
  users: number;
  /** What the refresh counted; null before the release that kept it. */
  purchaseEvent: string | null;
  currency: string | null;
  models: ScoreModels;
}

/** For each score the greatest value that scored 1, 2, 3 and 4; null where nobody was scored. */
export interface ScoreCuts {
  recency: (string | null)[];
  frequency: (number | null)[];
  monetary: (number | null)[];
}

export type BuyerRow = DayHistory & { id: string; meanSpend: number };

const load = <P extends object, R>(name: string) => sqlFile<P, R>(import.meta.url, `./sql/${name}.sql`);

export const scoreSql = {
  lock: load<object, object>('lock-score-refresh'),
  tryLock: load<object, { locked: boolean }>('try-lock-score-refresh'),
  isDue: load<{ purchaseEvent: string; currency: string; night: Date }, { due: boolean }>('is-score-refresh-due'),
  refreshRfm: load<PurchaseScope, { users: number }>('refresh-rfm'),
  scoredRange: load<object, { users: number; firstId: string; lastId: string }>('read-scored-range'),
  compressHistories: load<PurchaseScope & { stride: number }, DayHistory & { weight: number }>('compress-purchase-histories'),
  compressSpends: load<PurchaseScope & { stride: number }, { purchases: number; meanSpend: number; weight: number }>('compress-spend-histories'),
  readHistories: load<PurchaseScope & { firstId: string; lastId: string }, BuyerRow>('read-purchase-histories'),
  mark: load<{ ids: string[] }, object>('mark-buyers'),
  findMark: load<object, { marked: boolean }>('find-score-mark'),
  takeMarks: load<{ limit: number }, { id: string }>('take-score-marks'),
  followRfm: load<PurchaseScope & { ids: string[]; refreshId: string }, object>('follow-rfm'),
  readHistoriesOf: load<PurchaseScope & { ids: string[] }, BuyerRow>('read-purchase-histories-of'),
  createForecasts: load<object, object>('create-score-forecasts'),
  keepForecasts: load<{ ids: string[]; alive: number[]; purchases: number[]; values: (number | null)[] }, object>('keep-score-forecasts'),
  writeValues: load<object, object>('write-value-scores'),
  compressAttention: load<object, ChannelHistory & { channel: Channel }>('compress-attention'),
  listWorthSegments: load<object, { key: string }>('list-worth-segments'),
  compressWorth: load<{ segments: string[] }, WorthHistory>('compress-worth-histories'),
  measureHoldouts: load<{ since: Date; asOf: Date }, HoldoutArms>('measure-holdout-arms'),
  meanConversionValues: load<{ purchaseEvent: string; currency: string }, { event: string; value: number }>('mean-conversion-values'),
  meanCreditedValues: load<{ since: Date; currency: string }, { channel: Channel; value: number }>('mean-credited-values'),
  insertRefresh: load<PurchaseScope & { users: number; models: string }, { id: string }>('insert-score-refresh'),
  latestRefresh: load<object, RefreshRow & { grid: GridRow[] }>('read-latest-refresh'),
  listRefreshes: load<{ before: string | null; limit: number }, RefreshRow & { finishedAt: Date; cuts: ScoreCuts }>('list-score-refreshes'),
  computeGrid: load<PurchaseScope, GridRow>('compute-rfm-grid'),
  computeMovement: load<PurchaseScope & { compareTo: Date }, MovementRow>('compute-rfm-movement'),
  readUser: load<{ userId: string }, UserScoresRow>('read-user-scores'),
  readEngagement: load<{ id: string }, AttentionHistory & { channel: Channel }>('read-user-engagement'),
};

const readInstant = load<{ now: Date | null }, { now: Date }>('read-current-instant');

/** The decision instant: the database's clock, which all processes share, or the test's. */
export async function currentInstant(db: Queryable, clock: Clock): Promise<Date> {
  const [row] = await db.query(readInstant, { now: clock.forSql() });
  return row!.now;
}
