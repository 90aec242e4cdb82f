import { Injectable } from '@nestjs/common';
import { FatiguePolicies } from '../fatigue/index.js';
import { Installation } from '../platform/auth/index.js';
import { sqlFile, type Queryable, type Transaction } from '../platform/database/index.js';
import { NOW, SegmentPredicates } from '../segments/index.js';
import { Scores, type WorthModel } from '../scoring/index.js';
import { SettingsService, type Settings } from '../settings/index.js';
import type { FatiguePolicy } from '../fatigue/index.js';
import { Occurrences, type CampaignDefinition } from '../campaigns/index.js';
import { NO_BUDGETS } from './message-budgets.js';
import { PassFacts } from './pass-facts.js';
import type { IdRange, PassWorld, PolicyWorld } from './pass-parameters.js';
import { horizonOf } from './policy-parameters.js';
import { createPassTables } from './pass-tables.js';
import { RESERVED, boundsOf, valuesOf, withAudience } from './pass-statements.js';

const listZones = sqlFile<IdRange & { defaultZone: string }, { zone: string }>(import.meta.url, './sql/list-zones.sql');
const listTopicIds = sqlFile<object, { key: string; id: number }>(import.meta.url, './sql/list-topic-ids.sql');
const listSegmentIds = sqlFile<{ keys: string[] }, { key: string; id: string }>(import.meta.url, './sql/list-segment-ids.sql');
const listReserving = sqlFile<{ now: Date }, Reserving>(import.meta.url, './sql/list-reserving-campaigns.sql');

const FEW_USERS = 1_000n;

/** What holds for every pass: read before the lock is taken, so that it costs no time under it. At most a second old. */
export interface PassRules {
  settings: Settings;
  policy: FatiguePolicy;
  policyVersion: number;
  worthModel: WorthModel;
}

interface Reserving {
  id: string;
  definition: CampaignDefinition;
  topicId: number | null;
  /** Of each run and zone (null: of everybody): when it is due next, the run where it has begun (null: it has not), the run's month. */
  zones: (string | null)[];
  dues: Date[];
  begun: (string | null)[];
  months: string[];
}

/** Somebody has meanwhile come into a zone for which the pass knows neither quiet hours nor calendar windows. */
export class ZoneAppeared extends Error {}

/** Gathers what a pass needs to know beside its users: settings, policy, zones. */
@Injectable()
export class PassWorlds {
  constructor(
    readonly predicates: SegmentPredicates,
    private readonly settings: SettingsService,
    private readonly policies: FatiguePolicies,
    private readonly installation: Installation,
    private readonly scores: Scores,
    private readonly occurrences: Occurrences,
  ) {}

  async rules(): Promise<PassRules> {
    const settings = await this.settings.get();
    const { version, policy } = await this.policies.current();
    return { settings, policy, policyVersion: version, worthModel: await this.scores.worthModel() };
  }

  async at(tx: Transaction, rules: PassRules, now: Date, range: IdRange, passWaves: string[]): Promise<PassWorld> {
    await createPassTables(tx);
    const campaigns = await this.reserve(tx, rules, now, range);
    const world: PolicyWorld = {
      ...rules, now, passWaves,
      zones: await this.zones(tx, range, rules.settings.defaultTimezone),
      topicIds: await topicIds(tx, rules.policy),
      segmentIds: await segmentIds(tx, rules.policy),
      globalSalt: `global-holdout:${this.installation.key('global-holdout').toString('hex')}`,
      templateVersions: [], budgets: NO_BUDGETS,
    };
    const heldRuns = new Set(campaigns.flatMap(({ begun }) => begun.filter((runId) => runId !== null)));
    return { ...world, reserving: campaigns.length > 0, heldRuns, facts: await PassFacts.begin(tx, range, { now, horizon: horizonOf(world) }, passWaves) };
  }

  /**
   * Zones of the users of a range; of a large one, of all users that there are: these are found by a jump in an index for each zone,
   * where reading 16,384 users costs 4 ms.
   */
  private async zones(tx: Transaction, range: IdRange, defaultZone: string): Promise<string[]> {
    if (BigInt(range.toId) - BigInt(range.fromId) <= FEW_USERS) return (await tx.query(listZones, { ...range, defaultZone })).map(({ zone }) => zone);
    return [...new Set([...(await this.occurrences.zones(tx)).present, defaultZone])];
  }

  /**
   * To be asked once everything is decided. A user is read after the zones were, and one without rows for his zone would meet no quiet
   * hours and no calendar cap. Locking users against a change of zone would hold up their devices for as long as a bulk pass takes.
   * @throws ZoneAppeared: what is decided must be undone, and decided anew
   */
  async sameZones(tx: Transaction, { settings, zones }: PolicyWorld, range: IdRange): Promise<void> {
    const known = new Set(zones);
    const appeared = (await this.zones(tx, range, settings.defaultTimezone)).filter((zone) => !known.has(zone));
    if (appeared.length > 0) throw new ZoneAppeared(`users have come into ${appeared.join(', ')}`);
  }

  /** Puts down whom campaigns with reserve: true hold slots for, as their audiences stand now. @returns these campaigns */
  private async reserve(tx: Transaction, { settings, policy }: PassRules, now: Date, range: IdRange): Promise<Reserving[]> {
    if (policy.caps.length === 0) return [];
    const campaigns = await tx.query(listReserving, { now });
    for (const { id, definition, topicId, ...occurrences } of campaigns) {
      const { channel, priority } = definition;
      const values = valuesOf(RESERVED, { ...range, campaignId: id, priority, channel, topicId, ...occurrences, defaultZone: settings.defaultTimezone });
      const audience = await this.predicates.compileAudienceWithin(tx, definition.audience, settings, values.length + 1, boundsOf(RESERVED));
      const own = audience.params.map((value) => (value === NOW ? now : value));
      await tx.raw(withAudience(RESERVED, audience), [...values, ...own]);
    }
    return campaigns;
  }
}

async function topicIds(tx: Queryable, policy: FatiguePolicy): Promise<Map<string, number>> {
  if (!policy.caps.some((cap) => cap.topic !== undefined)) return new Map();
  return new Map((await tx.query(listTopicIds, {})).map(({ key, id }) => [key, id]));
}

async function segmentIds(tx: Queryable, policy: FatiguePolicy): Promise<Map<string, string>> {
  const keys = policy.tiers.map((tier) => tier.segment);
  if (keys.length === 0) return new Map();
  return new Map((await tx.query(listSegmentIds, { keys })).map(({ key, id }) => [key, id]));
}
