import { Injectable } from '@nestjs/common';
import type { CampaignDefinition } from '../campaigns/index.js';
import { PlannerDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { Clock } from '../platform/clock/index.js';
import { BUCKET_BITS, bucketRange, countBuckets } from './buckets.js';
import { decideWave } from './decide-wave.js';
import { decisionOrder } from './decision-order.js';
import { dueWaves, poolsOf, type DueWaveRow } from './due-waves.js';
import { budgetOf, budgetStart, peekBudgets, type OpenBudget, type OpenBudgets } from './message-budgets.js';
import type { IdRange } from './pass-parameters.js';
import { PassWorlds, type PassRules } from './pass-worlds.js';
import { portfolioPrice, type AskedMessages } from './portfolio-price.js';
import { SendTimeCurves } from './send-times.js';

type Channel = CampaignDefinition['channel'];
/** The waves that meet in a bucket at an instant; the simulation adds its own. */
export type WavesOf = (tx: Transaction, bucket: number, range: IdRange) => Promise<DueWaveRow[]>;

interface Asked {
  netWorth: number | null;
  messages: number;
}

const setPrice = sqlFile<{ channel: Channel; startsAt: Date; price: number; tieBuckets: number; demand: number; now: Date; waves: string[] }>(
  import.meta.url, './sql/price-message-budget.sql');

/** People looked at for a price; beyond, every n-th of them. Of 40,000 the rank of the price is known to half a per cent. */
const SAMPLE = 40_000;
const SHARES = 10_000;

/** Finds the price at which what is due and worth something meets the budget. */
@Injectable()
export class PortfolioPricer {
  private pricing?: Promise<void> | undefined;

  constructor(
    private readonly database: PlannerDatabase,
    private readonly clock: Clock,
    private readonly worlds: PassWorlds,
    private readonly sendTimes: SendTimeCurves,
  ) {}

  /** Prices everything that is due now. Two processes may do it at once: they find the same, and the later answer stands. */
  price(): Promise<void> {
    this.pricing ??= this.priceDue().finally(() => (this.pricing = undefined));
    return this.pricing;
  }

  /** What the budgets would be for the waves, for the simulation: nothing is written. */
  async foretell(rules: PassRules, now: Date, wavesOf: WavesOf): Promise<OpenBudgets> {
    const budgets = await peekBudgets(this.database, rules.settings, now);
    if (budgets.size === 0) return budgets;
    const asked = await this.ask(rules, now, wavesOf);
    return new Map([...budgets].map(([channel, budget]): [Channel, OpenBudget] => [channel, { ...budget, ...priceOf(asked.get(channel) ?? [], budget.room) }]));
  }

  private async priceDue(): Promise<void> {
    const rules = await this.worlds.rules();
    const now = this.clock.forSql() ?? (await this.extent()).now;
    const waves = new Set<string>();
    const asked = await this.ask(rules, now, async (tx, bucket, range) => {
      const { waves: due } = await this.sendTimes.onto(tx, await dueWaves(tx, { now, bucket, ...range }));
      for (const { waveId } of due) waves.add(waveId);
      return due;
    });
    for (const channel of ['push', 'email'] as const) await this.set(rules, channel, asked.get(channel)!, now, [...waves]);
  }

  private async set({ settings }: PassRules, channel: Channel, asked: readonly Asked[], now: Date, waves: string[]): Promise<void> {
    const limit = settings.messageBudget[channel];
    if (limit === null) return;
    // Admitting goes on meanwhile; the price is of what is left now.
    const room = (await peekBudgets(this.database, settings, now)).get(channel)!.room;
    const demand = asked.reduce((sum, { messages }) => sum + messages, 0);
    await this.database.query(setPrice, { channel, startsAt: budgetStart(settings, now), ...priceOf(asked, room), demand, now, waves });
  }

  /** What would be sent at price 0, by channel: the very SELECT of the pass over all buckets, of a sample where there are many. */
  private async ask(rules: PassRules, now: Date, wavesOf: WavesOf): Promise<Map<Channel, Asked[]>> {
    const { buckets } = await this.extent();
    const stride = Math.max(1, Math.ceil((buckets * 2 ** BUCKET_BITS) / SAMPLE));
    const found = new Map<Channel, Asked[]>([['push', []], ['email', []]]);
    for (let bucket = 0; bucket < buckets; bucket++) {
      await this.database.transaction(async (tx) => {
        for (const { channel, rows } of await this.askBucket(tx, rules, now, bucket, stride, wavesOf)) {
          found.get(channel)!.push(...rows.map(({ netWorth, messages }) => ({ netWorth, messages: messages * stride })));
        }
      });
    }
    return found;
  }

  private async askBucket(
    tx: Transaction, rules: PassRules, now: Date, bucket: number, stride: number, wavesOf: WavesOf,
  ): Promise<{ channel: Channel; rows: Asked[] }[]> {
    const range = bucketRange(bucket);
    const waves = await wavesOf(tx, bucket, range);
    if (!waves.some(({ definition }) => budgetOf(rules.settings, definition) !== null)) return [];
    const world = await this.worlds.at(tx, rules, now, range, [...new Set(waves.map(({ waveId }) => waveId))]);
    const only = stride === 1 ? {} : { only: everyNth(range, stride) };
    const asked: { channel: Channel; rows: Asked[] }[] = [];
    for (const { wave, round } of await decisionOrder(tx, this.worlds.predicates, waves, world, range, only)) {
      for (const pool of poolsOf(wave)) {
        const rows = await decideWave<Asked>(tx, this.worlds.predicates, wave, world, range, pool, 'ask', { round, ...only });
        if (budgetOf(rules.settings, wave.definition) !== null) asked.push({ channel: wave.definition.channel, rows });
      }
    }
    return asked;
  }

  private async extent(): Promise<{ buckets: number; now: Date }> {
    const [extent] = await this.database.query(countBuckets, {});
    return extent!;
  }
}

/** Messages of campaigns that ask for no worth take their part of the room whatever the price. */
function priceOf(asked: readonly Asked[], room: number): { price: number; tieBuckets: number } {
  const plain = asked.filter(({ netWorth }) => netWorth === null).reduce((sum, { messages }) => sum + messages, 0);
  const priced = asked.filter((row): row is AskedMessages => row.netWorth !== null);
  const { price, tieShare } = portfolioPrice(priced, Math.max(0, room - plain));
  return { price, tieBuckets: Math.ceil(tieShare * SHARES) };
}

/** Ids are dense and carry no meaning but age, so every n-th is a sample by age. */
function everyNth({ fromId, toId }: IdRange, stride: number): string[] {
  const [from, to] = [BigInt(fromId), BigInt(toId)];
  return Array.from({ length: Math.ceil(Number(to - from) / stride) }, (_, i) => String(from + BigInt(i * stride)));
}
