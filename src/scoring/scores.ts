import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, type Queryable } from '../platform/database/index.js';
import { invalidField, notFound } from '../platform/errors/index.js';
import { decodeIdCursor, toPage, type Page, type PageQuery } from '../platform/http/index.js';
import { SettingsService } from '../settings/index.js';
import { CHANNELS, STATED_PRIORS, engagementOf, type Channel, type ChannelPriors, type EngagementScores } from './engagement-priors.js';
import { movementView } from './rfm-movement.js';
import { gridView, type RfmView } from './rfm-view.js';
import { currentInstant, scoreSql, type ScoreCuts, type ScoreModels, type UserScoresRow } from './score-store.js';
import { STATED_MODEL, type WorthModel } from './worth-model.js';

const WORTH_CACHE_MS = 5_000;

export interface UserScores {
  rfm: {
    recency: number; frequency: number; monetary: number; group: string;
    lastPurchaseAt: Date; purchases: number; revenue: number;
  } | null;
  value: { probabilityAlive: number; expectedPurchases90d: number; expectedValue90d: number | null } | null;
  engagement: Record<Channel, EngagementScores>;
  /** When rfm and value were computed; engagement is of the moment. Null before the first refresh. */
  asOf: Date | null;
}

/** One refresh and what it fitted: parameters with their likelihood and observations, or why there are none. */
export interface ScoreModelsView extends Partial<ScoreModels> {
  version: string;
  asOf: Date;
  finishedAt: Date;
  users: number;
  purchaseEvent: string | null;
  currency: string | null;
  cuts: ScoreCuts | object;
}

/** Reading scores. */
@Injectable()
export class Scores {
  private worth?: { model: WorthModel; until: number };

  constructor(
    private readonly database: ApiDatabase,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 for an unknown user */
  async ofUser(userId: string): Promise<UserScores> {
    const [row] = await this.database.query(scoreSql.readUser, { userId });
    if (!row) throw notFound('user');
    const [[latest], engagement] = await Promise.all([this.database.query(scoreSql.latestRefresh, {}), this.engagement(row.id)]);
    return { rfm: rfmOf(row), value: valueOf(row), engagement, asOf: row.asOf ?? latest?.asOf ?? null };
  }

  /** The priors of the latest refresh, or the stated ones before the first. */
  async priors(db: Queryable = this.database): Promise<Record<Channel, ChannelPriors>> {
    const [latest] = await db.query(scoreSql.latestRefresh, {});
    const of = (channel: Channel): ChannelPriors => latest?.models.engagement?.[channel]?.priors ?? STATED_PRIORS;
    return { push: of('push'), email: of('email') };
  }

  /** The parameters of worth of the latest refresh, or the stated ones before the first; at most 5 s old. */
  async worthModel(): Promise<WorthModel> {
    if (this.worth && this.worth.until > this.clock.monotonic()) return this.worth.model;
    const [latest] = await this.database.query(scoreSql.latestRefresh, {});
    const model = latest?.models.worth ?? STATED_MODEL;
    this.worth = { model, until: this.clock.monotonic() + WORTH_CACHE_MS };
    return model;
  }

  /**
   * The RFM grid of the latest refresh, or computed as of a past instant; with `compareTo` the movement since that instant as well.
   * @throws Problem 400 for an instant in the future, or one to compare to that is not before the grid's
   */
  async grid(asOf?: Date, compareTo?: Date): Promise<RfmView> {
    const now = await currentInstant(this.database, this.clock);
    if (asOf && asOf > now) throw invalidField('asOf', 'must not be in the future');
    const view = asOf ? await this.gridAsOf(asOf) : await this.latestGrid();
    if (!compareTo) return view;
    if (compareTo >= (view.asOf ?? now)) throw invalidField('compareTo', 'must be before the instant of the grid');
    const { purchaseEvent, currency } = await this.settings.get();
    const rows = view.asOf ? await this.database.query(scoreSql.computeMovement, { purchaseEvent, currency, asOf: view.asOf, compareTo }) : [];
    return { ...view, movement: movementView(compareTo, rows) };
  }

  /** The refreshes, newest first, with the parameters that each fitted. */
  async models({ limit, cursor }: PageQuery): Promise<Page<ScoreModelsView>> {
    const rows = await this.database.query(scoreSql.listRefreshes, { before: decodeIdCursor(cursor), limit: limit + 1 });
    const page = toPage(rows, limit, (row) => row.id);
    return { ...page, data: page.data.map(({ id, models, ...row }) => ({ version: id, ...row, ...models })) };
  }

  private async latestGrid(): Promise<RfmView> {
    const [latest] = await this.database.query(scoreSql.latestRefresh, {});
    return gridView(latest?.asOf ?? null, latest?.grid ?? []);
  }

  private async gridAsOf(asOf: Date): Promise<RfmView> {
    const { purchaseEvent, currency } = await this.settings.get();
    return gridView(asOf, await this.database.query(scoreSql.computeGrid, { purchaseEvent, currency, asOf }));
  }

  private async engagement(id: string): Promise<Record<Channel, EngagementScores>> {
    const [rows, priors] = await Promise.all([this.database.query(scoreSql.readEngagement, { id }), this.priors()]);
    const nothing = { messages: 0, opens: 0, lastOpened: 0 };
    const of = (channel: Channel): EngagementScores => engagementOf(rows.find((row) => row.channel === channel) ?? nothing, priors[channel]);
    return Object.fromEntries(CHANNELS.map((channel) => [channel, of(channel)])) as Record<Channel, EngagementScores>;
  }
}

function rfmOf(row: UserScoresRow): UserScores['rfm'] {
  const { recency, frequency, monetary, group, lastPurchaseAt, purchases, revenue } = row;
  if (recency === null || frequency === null || monetary === null || group === null || !lastPurchaseAt) return null;
  return { recency, frequency, monetary, group, lastPurchaseAt, purchases: Number(purchases), revenue: Number(revenue) };
}

function valueOf({ probabilityAlive, expectedPurchases90d, expectedValue90d }: UserScoresRow): UserScores['value'] {
  if (probabilityAlive === null || expectedPurchases90d === null) return null;
  return { probabilityAlive, expectedPurchases90d, expectedValue90d };
}
