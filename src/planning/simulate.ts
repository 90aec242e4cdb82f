import { Injectable } from '@nestjs/common';
import { Campaigns, Occurrences, firstRuns, type CampaignRow, type PlannedRun } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { parseDuration } from '../platform/time/index.js';
import { bucketRange, countBuckets } from './buckets.js';
import { decideWave } from './decide-wave.js';
import { conflict } from '../platform/errors/index.js';
import { decisionOrder, limitsOf } from './decision-order.js';
import { dueWaves, poolsOf, type DueWaveRow } from './due-waves.js';
import type { OpenBudgets } from './message-budgets.js';
import type { SendTimes } from './send-time.js';
import { SendTimeCurves } from './send-times.js';
import { PassWorlds, type PassRules } from './pass-worlds.js';
import type { IdRange, PassWave, PassWorld } from './pass-parameters.js';
import { PortfolioPricer, type WavesOf } from './portfolio-pricer.js';
import { PoolSizes } from './pool-sizes.js';
import { ThrottleRooms, devicesOf, requestsPerMessage } from './throttle-rooms.js';
import { Tally, type Simulation, type VerdictCount } from './tally.js';

const countRequests = sqlFile<IdRange & { waveId: string; transactional: boolean; now: Date; staleAfter: string }, { requests: number }>(import.meta.url, './sql/count-requests.sql');
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
    private readonly occurrences: Occurrences,
    private readonly sendTimes: SendTimeCurves,
    private readonly pricer: PortfolioPricer,
  ) {}

  /** @throws Problem 404; 409 for a triggered campaign, whose audience nobody knows, and for one with no occurrence to come. */
  async simulate(campaignId: string): Promise<Simulation> {
    const campaign = await this.campaigns.get(campaignId);
    const rules = await this.worlds.rules();
    const [extent] = await this.database.query(countBuckets, {});
    const now = this.clock.forSql() ?? extent!.now;
    const subjects = await this.subjects(campaign, now);
    const due = Math.min(...subjects.map(({ dueAt }) => dueAt.getTime()));
    const asOf = new Date(Math.max(due, now.getTime()));
    const curves = new Map<string, SendTimes>();
    const wavesOf: WavesOf = (tx, bucket, range) => this.wavesAt(tx, bucket, range, asOf, subjects, curves);
    const budgets = await this.pricer.foretell(rules, asOf, wavesOf);
    const tally = new Tally(campaign.definition, asOf, campaign.definition.worth ? budgets.get(campaign.definition.channel)?.price : undefined);
    const foretold: Foretold = { tally, budgets, subjectId: campaignId, sizes: new PoolSizes(), reserved: new Map() };
    for (let bucket = 0; bucket < extent!.buckets; bucket++) {
      await this.database.transaction((tx) => this.decide(tx, rules, bucket, asOf, wavesOf, foretold));
    }
    return tally.result();
  }

  private async decide(tx: Transaction, rules: PassRules, bucket: number, asOf: Date, wavesOf: WavesOf, foretold: Foretold): Promise<void> {
    const range = bucketRange(bucket);
    const waves = await wavesOf(tx, bucket, range);
    const { budgets, sizes } = foretold;
    const world = { ...(await this.worlds.at(tx, rules, asOf, range, [...new Set(waves.map((wave) => wave.waveId))])), budgets };
    const limits = { rooms: await this.rooms(tx, waves, world, range, foretold) };
    for (const { wave, round } of await decisionOrder(tx, this.worlds.predicates, waves, world, range, limits)) {
      for (const pool of poolsOf(wave)) {
        if (round === null && limits.rooms.of(wave) === 0) continue;
        const counts = await decideWave<VerdictCount>(
          tx, this.worlds.predicates, wave, world, range, pool, 'take', { ...limitsOf(limits, wave, round), subjectWave: HYPOTHETICAL, round, sizes });
        note(foretold, wave, counts);
        const requests = await this.requestsOf(tx, world, wave, range, queuedOf(counts));
        limits.rooms.take(wave, requests);
        foretold.reserved.set(wave.campaignId, (foretold.reserved.get(wave.campaignId) ?? 0) + requests);
        if (wave.campaignId === foretold.subjectId) foretold.tally.requests(requests);
      }
    }
  }

  /** How many requests the messages of a wave just decided are; asked only where a throttle counts them. */
  private async requestsOf(tx: Transaction, world: PassWorld, { waveId, definition }: DueWaveRow, range: IdRange, messages: number): Promise<number> {
    if (definition.throttlePerMinute === undefined || definition.channel === 'email' || messages === 0) return messages;
    const [count] = await tx.query(countRequests, { ...devicesOf(definition, world, range), waveId });
    return count!.requests;
  }

  /** What throttled campaigns would have room for in the next bucket, if the buckets so far had been decided by passes. */
  private async rooms(tx: Transaction, waves: readonly DueWaveRow[], world: PassWorld, range: IdRange, { reserved }: Foretold): Promise<ThrottleRooms> {
    const rooms = new ThrottleRooms();
    for (const wave of waves) {
      if (wave.room === null || rooms.has(wave)) continue;
      rooms.open(wave, wave.room - (reserved.get(wave.campaignId) ?? 0), await requestsPerMessage(tx, wave, world, range));
    }
    return rooms;
  }

  /** What is due for the bucket together with the simulated campaign, in rank order. */
  private async wavesAt(tx: Transaction, bucket: number, range: IdRange, asOf: Date, subjects: readonly PassWave[], curves: Map<string, SendTimes>): Promise<DueWaveRow[]> {
    const due = await dueWaves(tx, { now: asOf, bucket, ...range });
    const others = due.filter((wave) => wave.campaignId !== subjects[0]!.campaignId);
    return rank([...(await Promise.all(others.map((wave) => this.withSendTimes(tx, wave, curves)))), ...subjects.map((subject) => asDue(subject, asOf))]);
  }

  /** Other campaigns' bestHour waves as their pass will meet them; the simulated one is decided whole, as of its first hour. */
  private async withSendTimes(tx: Transaction, wave: DueWaveRow, curves: Map<string, SendTimes>): Promise<DueWaveRow> {
    if (wave.definition.schedule.type !== 'bestHour') return wave;
    const sendTimes = curves.get(wave.runId) ?? (await this.sendTimes.of(tx, wave.runId)) ?? (await this.sendTimes.compute(tx, wave.definition, wave.now));
    curves.set(wave.runId, sendTimes);
    return { ...wave, sendTimes };
  }

  /** The occurrences that come to everybody for the first time, as waves: as they fall due, where there are zones. */
  private async subjects(campaign: CampaignRow, now: Date): Promise<PassWave[]> {
    const { definition } = campaign;
    if (definition.schedule.type === 'triggered') throw conflict('A triggered campaign cannot be simulated: who will trigger it is not known.');
    const runs = firstRuns(definition.schedule, now, await this.occurrences.zones(this.database));
    if (runs.length === 0) throw conflict('No occurrence is to come: schedule.until has passed.');
    const topicKey = definition.topic ?? null;
    const [topic] = topicKey === null ? [] : await this.database.query(findTopicId, { key: topicKey });
    const wave = { waveId: HYPOTHETICAL, runId: HYPOTHETICAL, campaignId: campaign.id, definition, salt: campaign.salt, topicKey, topicId: topic?.id ?? null };
    return runs.flatMap((run) => wavesOf(run).map(({ dueAt, zones, passed }) => ({
      ...wave, dueAt, zones, passed, slot: null, lastSlot: false, scheduledFor: run.scheduledFor, localAt: run.localAt,
      month: `${run.scheduledFor.toISOString().slice(0, 7)}-01`,
      expiresAt: new Date(Math.max(dueAt.getTime(), passed ? 0 : now.getTime()) + parseDuration(definition.expiresAfter)!),
    })));
  }
}

/** What the buckets so far have come to. */
interface Foretold {
  readonly tally: Tally;
  readonly budgets: OpenBudgets;
  readonly subjectId: string;
  readonly sizes: PoolSizes;
  /** By campaign: how many requests would be reserved. */
  readonly reserved: Map<string, number>;
}

function queuedOf(counts: readonly VerdictCount[]): number {
  return counts.reduce((sum, { state, n }) => sum + (state === 'queued' ? n : 0), 0);
}

function note({ tally, budgets, subjectId }: Foretold, { campaignId, definition }: DueWaveRow, counts: readonly VerdictCount[]): void {
  const budget = definition.class === 'transactional' ? undefined : budgets.get(definition.channel);
  if (budget) budget.room -= queuedOf(counts);
  if (campaignId === subjectId) tally.own(counts);
  else tally.other(campaignId, counts);
}

/** Each zone once: of a bestHour day in its first hour. */
function wavesOf({ waves }: PlannedRun): PlannedRun['waves'] {
  const seen = new Set<string>();
  return waves.filter(({ zones }) => {
    if (zones !== null && seen.has(zones[0]!)) return false;
    zones?.forEach((zone) => seen.add(zone));
    return true;
  });
}

function asDue(wave: PassWave, now: Date): DueWaveRow {
  return { ...wave, now, freed: false, fresh: true, entered: false, room: null, templateVersions: [] };
}

/** As the pass ranks: priority, then campaign id, then due instant and wave. */
function rank(waves: DueWaveRow[]): DueWaveRow[] {
  return waves.sort((a, b) =>
    b.definition.priority - a.definition.priority || Number(BigInt(a.campaignId) - BigInt(b.campaignId)) || a.dueAt.getTime() - b.dueAt.getTime() || Number(BigInt(a.waveId) - BigInt(b.waveId)));
}
