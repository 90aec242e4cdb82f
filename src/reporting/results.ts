import { Injectable } from '@nestjs/common';
import type { CampaignDefinition, CampaignStatus, Channel } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { SettingsService, type Settings } from '../settings/index.js';
import { EMPTY_ARM, liftOf, type Lift, type LiftArm } from './lift-panel.js';
import {
  countsOf, ratesOf, successOf, winProbabilities, type ConversionSum, type Counts, type FactCount, type OutcomeCount, type Rates, type Sums,
} from './results-shape.js';
import { inSnapshot } from './snapshot.js';

export interface DayRow {
  day: string;
  audience: number;
  sent: number;
  delivered: number;
  opened: number;
  clicked: number;
  unsubscribed: number;
  converted: number;
  revenue: number;
}

export interface SegmentRow extends Omit<DayRow, 'day'> {
  segment: string;
  holdout: number;
  suppressed: number;
}

export interface VariantResults extends Counts {
  key: string;
  template: string;
  weight: number;
  winProbability: number | null;
}

/** The answer of the results route. */
export interface CampaignResults extends Counts {
  campaignId: string;
  name: string;
  runId: string | null;
  channel: Channel;
  topic: string | null;
  status: CampaignStatus;
  /** true where caps and gap did not hold this campaign back: read its figures with that in mind. */
  ignoreCaps: boolean;
  asOf: Date;
  launchedAt: Date | null;
  timezone: string;
  currency: string;
  variants: VariantResults[];
  lift: Lift;
  byDay: DayRow[];
  bySegment: (SegmentRow & { rates: Rates })[];
}

interface Reported {
  id: string;
  name: string;
  status: CampaignStatus;
  channel: Channel;
  transactional: boolean;
  definition: CampaignDefinition;
  topic: string | null;
  launchedAt: Date | null;
  asOf: Date;
  runKnown: boolean;
}

interface Scope {
  campaignId: string;
  runId: string | null;
}

interface ArmRow {
  control: boolean;
  users: string;
  converted: string;
  total: number;
  squares: number;
}

const find = sqlFile<Scope & { now: Date | null }, Reported>(import.meta.url, './sql/find-reported-campaign.sql');
const countOutcomes = sqlFile<Scope, OutcomeCount>(import.meta.url, './sql/count-outcomes.sql');
const countFacts = sqlFile<Scope, FactCount>(import.meta.url, './sql/count-facts.sql');
const sumConversions = sqlFile<Scope & { currency: string }, ConversionSum>(import.meta.url, './sql/sum-conversions.sql');
const sumArms = sqlFile<Scope & { currency: string; event: string; window: string }, ArmRow>(import.meta.url, './sql/sum-lift-arms.sql');
const countByDay = sqlFile<Scope & { currency: string; timezone: string }, DayRow>(import.meta.url, './sql/count-by-day.sql');
const countBySegment = sqlFile<Scope & { currency: string }, SegmentRow>(import.meta.url, './sql/count-by-segment.sql');

const ID = /^\d{1,18}$/;

/** What came of a campaign, all of it from one snapshot. */
@Injectable()
export class Results {
  constructor(
    private readonly database: ApiDatabase,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 for a campaign or run that does not exist */
  async of(campaignId: string, runId: string | null, timezone: string | null): Promise<CampaignResults> {
    const settings = await this.settings.get();
    const scope = { campaignId, runId };
    return inSnapshot(this.database, async (tx) => {
      const campaign = await this.find(tx, scope);
      const zone = timezone ?? settings.defaultTimezone;
      const { currency } = settings;
      const sums = await readSums(tx, scope, currency);
      const counts = countsOf(sums, currency, settings.messageCost[campaign.channel]);
      const bySegment = await tx.query(countBySegment, { ...scope, currency });
      return {
        campaignId, name: campaign.name, runId, channel: campaign.channel, topic: campaign.topic, status: campaign.status,
        ignoreCaps: campaign.definition.ignoreCaps, asOf: campaign.asOf, launchedAt: campaign.launchedAt, timezone: zone, currency, ...counts,
        variants: variantsOf(campaign, sums, settings), lift: await readLift(tx, campaign, scope, currency),
        byDay: await tx.query(countByDay, { ...scope, currency, timezone: zone }),
        bySegment: bySegment.map((row) => ({ ...row, rates: ratesOf(row) })),
      };
    });
  }

  /** The campaign's name and that the run is one of its own. @throws Problem 404 */
  async requireCampaign(campaignId: string, runId: string | null): Promise<{ name: string }> {
    return this.find(this.database, { campaignId, runId });
  }

  private async find(on: Pick<Transaction, 'query'>, scope: Scope): Promise<Reported> {
    if (!ID.test(scope.campaignId)) throw notFound('campaign');
    if (scope.runId !== null && !ID.test(scope.runId)) throw notFound('run');
    const [campaign] = await on.query(find, { ...scope, now: this.clock.forSql() });
    if (!campaign) throw notFound('campaign');
    if (!campaign.runKnown) throw notFound('run');
    return campaign;
  }
}

async function readSums(tx: Transaction, scope: Scope, currency: string): Promise<Sums> {
  return {
    outcomes: await tx.query(countOutcomes, scope),
    facts: await tx.query(countFacts, scope),
    conversions: await tx.query(sumConversions, { ...scope, currency }),
  };
}

async function readLift(tx: Transaction, { definition }: Reported, scope: Scope, currency: string): Promise<Lift> {
  const goal = definition.conversion;
  // Without a goal the arms' sizes still tell whether the assignment works; no event has an empty name.
  const rows = await tx.query(sumArms, { ...scope, currency, event: goal?.event ?? '', window: goal?.window ?? 'PT0S' });
  const arm = (control: boolean): LiftArm => {
    const row = rows.find((r) => r.control === control);
    return row ? { users: Number(row.users), converted: Number(row.converted), total: row.total, squares: row.squares } : EMPTY_ARM;
  };
  return liftOf(arm(false), arm(true), definition.holdout, goal !== undefined);
}

function variantsOf({ definition, channel }: Reported, sums: Sums, settings: Settings): VariantResults[] {
  const all = definition.variants.map((_, i) => countsOf(sums, settings.currency, settings.messageCost[channel], i));
  const chances = winProbabilities(all.map((counts) => ({
    sent: counts.sent, successes: successOf(counts, channel, definition.conversion !== undefined),
  })));
  return definition.variants.map((variant, i) => ({ ...variant, ...all[i]!, winProbability: chances[i] ?? null }));
}
