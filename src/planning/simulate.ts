import { Injectable } from '@nestjs/common';
import { Campaigns, type CampaignRow } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { parseDuration } from '../platform/time/index.js';
import { bucketRange } from './buckets.js';
import { decideWave } from './decide-wave.js';
import { decisionOrder, poolsOf } from './decision-order.js';
import { listDueWaves, type DueWaveRow } from './due-waves.js';
import { PassWorlds, type PassRules } from './pass-worlds.js';
import type { PassWave } from './pass-parameters.js';
import { Tally, type Simulation, type VerdictCount } from './tally.js';

const countBuckets = sqlFile<object, { buckets: number; now: Date }>(import.meta.url, './sql/count-buckets.sql');
const findTopicId = sqlFile<{ key: string | null }, { id: number }>(import.meta.url, './sql/find-topic-id.sql');

/** Stands for the run and wave that do not exist yet; no row of the ledger has it. */
const HYPOTHETICAL = '-1';

/**
 * What a launch would do, by the very SELECT of the pass over every bucket, into an aggregate: nothing is written to a table of
 * ours, nothing locked, nothing sent.
 */
@Injectable()
export class Simulator {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly campaigns: Campaigns,
    private readonly worlds: PassWorlds,
  ) {}

  async simulate(campaignId: string): Promise<Simulation> {
    const campaign = await this.campaigns.get(campaignId);
    const rules = await this.worlds.rules();
    const [extent] = await this.database.query(countBuckets, {});
    const now = this.clock.forSql() ?? extent!.now;
    const subject = await this.subject(campaign, now);
    const asOf = subject.dueAt > now ? subject.dueAt : now;
    const tally = new Tally(campaign.definition, asOf);
    for (let bucket = 0; bucket < extent!.buckets; bucket++) {
      await this.database.transaction((tx) => this.decide(tx, rules, bucket, asOf, subject, tally));
    }
    return tally.result();
  }

  private async decide(tx: Transaction, rules: PassRules, bucket: number, asOf: Date, subject: PassWave, tally: Tally): Promise<void> {
    const range = bucketRange(bucket);
    const due = (await tx.query(listDueWaves, { now: asOf, bucket, ...range })).filter((wave) => wave.fresh || wave.freed);
    const waves = rank([...due.filter((wave) => wave.campaignId !== subject.campaignId), asDue(subject, asOf)]);
    const world = await this.worlds.at(tx, rules, asOf, range, waves.map((wave) => wave.waveId));
    for (const { wave, round } of await decisionOrder(tx, this.worlds.predicates, waves, world, range, poolsOf)) {
      for (const pool of poolsOf(wave)) {
        const counts = await decideWave<VerdictCount>(tx, this.worlds.predicates, wave, world, range, pool, 'take', { subjectWave: subject.waveId, round });
        if (wave.campaignId === subject.campaignId) tally.own(counts);
        else tally.other(wave.campaignId, counts);
      }
    }
  }

  private async subject(campaign: CampaignRow, now: Date): Promise<PassWave> {
    const { definition } = campaign;
    const topicKey = definition.topic ?? null;
    const [topic] = topicKey === null ? [] : await this.database.query(findTopicId, { key: topicKey });
    const dueAt = definition.schedule.type === 'at' ? new Date(definition.schedule.at) : now;
    const first = dueAt > now ? dueAt : now;
    return {
      waveId: HYPOTHETICAL, runId: HYPOTHETICAL, campaignId: campaign.id, definition, salt: campaign.salt, topicKey,
      topicId: topic?.id ?? null, dueAt, month: `${dueAt.toISOString().slice(0, 7)}-01`,
      expiresAt: new Date(first.getTime() + parseDuration(definition.expiresAfter)!),
    };
  }
}

function asDue(wave: PassWave, now: Date): DueWaveRow {
  return { ...wave, now, freed: false, fresh: true };
}

/** As the pass ranks: priority, then campaign id, then wave. */
function rank(waves: DueWaveRow[]): DueWaveRow[] {
  return waves.sort((a, b) =>
    b.definition.priority - a.definition.priority || Number(BigInt(a.campaignId) - BigInt(b.campaignId)) || Number(BigInt(a.waveId) - BigInt(b.waveId)));
}
