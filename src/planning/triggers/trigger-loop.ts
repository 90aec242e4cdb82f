import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Occurrences, type CampaignDefinition } from '../../campaigns/index.js';
import { Clock } from '../../platform/clock/index.js';
import { PlannerDatabase, sqlFile } from '../../platform/database/index.js';
import { Loops } from '../../platform/loops/index.js';
import { Doorbell } from '../../platform/queue/index.js';
import { BucketPass, type PassOutcome } from '../bucket-pass.js';
import { waiting, type WaitingRow } from './event-triggers.js';
import { TriggerEntries } from './trigger-entries.js';

type Now = { now: Date | null };

const here = import.meta.url;
const findSegmentTriggers = sqlFile<Now, WaitingRow & { segment: string; readFrom: Date; now: Date }>(here, '../sql/find-segment-triggers.sql');
const listSegmentEntries = sqlFile<{ segment: string; from: Date; campaignId: string }, { id: string; userId: string; at: Date }>(here, '../sql/list-segment-entries.sql');
const moveCursor = sqlFile<{ campaignId: string; readUntil: Date }>(here, '../sql/move-trigger-cursor.sql');
const listDays = sqlFile<Now, { campaignId: string; day: Date; definition: CampaignDefinition }>(here, '../sql/list-days-of-entries.sql');
const findDue = sqlFile<Now, { bucket: number; users: string[] }>(here, '../sql/find-due-entries.sql');

const TICK_MS = 250;
/** A pass for more users than this is a bulk pass like any other, and is left to the planner. */
const FEW = 2_000;
/** A process decides three buckets at a time, so it makes no more of them wait for itself; each turn takes a connection. */
const TURNS = 3;
/** A short pass is mostly waiting for answers: one after another those of ten buckets took a second. */
const AT_ONCE = 2;

/** Decides entries beside the bulk passes, which may have minutes of work before them: an event is answered within 2 s. */
@Injectable()
export class TriggerLoop implements OnModuleInit {
  private readonly logger = new Logger('triggers');
  /** Buckets that a bulk pass holds, with the pass that is next in line for each. */
  private readonly turns = new Map<number, Promise<void>>();

  constructor(
    private readonly database: PlannerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly doorbell: Doorbell,
    private readonly occurrences: Occurrences,
    private readonly entries: TriggerEntries,
    private readonly pass: BucketPass,
  ) {}

  onModuleInit(): void {
    this.loops.every('triggers', TICK_MS, () => this.tick());
    // No tick waits for a turn: an event that comes meanwhile would wait for it too. Here the end of the process does, and a test.
    this.loops.every('trigger-turns', TICK_MS, async () => void (await Promise.all(this.turns.values())));
  }

  async tick(): Promise<void> {
    const now = this.clock.forSql();
    await this.readSegments(now);
    for (const { campaignId, day, definition } of await this.database.query(listDays, { now })) {
      await this.database.transaction((tx) => this.occurrences.openDay(tx, campaignId, day, definition));
    }
    const due = (await this.database.query(findDue, { now })).values();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const { bucket, users } of due) await this.decideFew(bucket, users.slice(0, FEW));
    }));
  }

  private async decideFew(bucket: number, users: readonly string[]): Promise<void> {
    if (this.turns.has(bucket)) return;
    if (await this.decide(() => this.pass.run(bucket, users), bucket)) this.queue(bucket, users);
  }

  /** Waits for the bucket beside the ticks. Whoever finds no room to wait is tried again by the next one. */
  private queue(bucket: number, users: readonly string[]): void {
    if (this.turns.size >= TURNS) return;
    this.turns.set(bucket, this.decide(() => this.pass.runInTurn(bucket, users), bucket).then(() => void this.turns.delete(bucket)));
  }

  /** Entries into segments, as the log of changes has them. It is read from some minutes before the last reading: a change is logged as of its beginning. */
  private async readSegments(now: Date | null): Promise<void> {
    for (const row of await this.database.query(findSegmentTriggers, { now })) {
      await this.database.transaction(async (tx) => {
        const changes = await tx.query(listSegmentEntries, { segment: row.segment, from: row.readFrom, campaignId: row.id });
        const occasions = changes.map(({ id, userId, at }) => ({ userId, at, source: `change:${id}`, event: null }));
        if (occasions.length > 0) await this.entries.admit(tx, [{ campaign: waiting(row), occasions }], row.now);
        await tx.query(moveCursor, { campaignId: row.id, readUntil: row.now });
      });
    }
  }

  /** @returns whether somebody else is at work on the bucket */
  private async decide(pass: () => Promise<PassOutcome>, bucket: number): Promise<boolean> {
    try {
      const { chunkIds, busy } = await pass();
      this.doorbell.ring('delivery', chunkIds.map((chunkId) => ({ chunkId })));
      return busy;
    } catch (error) {
      // One bucket's fault must not stop the others; it is due again at the next tick.
      this.logger.error({ err: error, bucket });
      return false;
    }
  }
}
