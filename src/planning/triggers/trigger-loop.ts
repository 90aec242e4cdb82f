import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Occurrences, type CampaignDefinition } from '../../campaigns/index.js';
import { Clock } from '../../platform/clock/index.js';
import { PlannerDatabase, sqlFile, type Transaction } from '../../platform/database/index.js';
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
const findDue = sqlFile<Now & { bucket: number | null }, { bucket: number; users: string[] }>(here, '../sql/find-due-entries.sql');

const TICK_MS = 250;
/** A pass for more users than this is a bulk pass like any other, and is left to the planner. */
const FEW = 2_000;
const SIDE_BY_SIDE = 2;
/** Buckets that are waited for at a time, each with a connection of the planner's: two processes have that many bulk passes under way. */
const IN_TURN = 4;
const LOOP = 'triggers';

/** Decides entries beside the bulk passes, which may have minutes of work before them: an event is answered within 2 s. */
@Injectable()
export class TriggerLoop implements OnModuleInit {
  private readonly logger = new Logger('triggers');
  /** Busy buckets that somebody of this process waits for. */
  private readonly awaited = new Set<number>();

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
    this.loops.every(LOOP, TICK_MS, () => this.tick());
  }

  async tick(): Promise<void> {
    const now = this.clock.forSql();
    await this.readSegments(now);
    for (const { campaignId, day, definition } of await this.database.query(listDays, { now })) {
      await this.database.transaction((tx) => this.occurrences.openDay(tx, campaignId, day, definition));
    }
    const due = (await this.database.query(findDue, { now, bucket: null })).filter(({ bucket }) => !this.awaited.has(bucket));
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (let next = due.shift(); next; next = due.shift()) await this.decideEntries(next);
    }));
  }

  private async decideEntries({ bucket, users }: { bucket: number; users: string[] }): Promise<void> {
    const busy = await this.decide(() => this.pass.run(bucket, users.slice(0, FEW)), bucket);
    if (!busy || this.awaited.size >= IN_TURN) return;
    // Left under way: whoever waits for a bulk pass must not keep those waiting whose bucket is free.
    this.awaited.add(bucket);
    this.loops.leave(LOOP, this.decideInTurn(bucket).finally(() => this.awaited.delete(bucket)));
  }

  private async decideInTurn(bucket: number): Promise<void> {
    const whom = async (tx: Transaction): Promise<string[]> => {
      const [found] = await tx.query(findDue, { now: this.clock.forSql(), bucket });
      return found?.users.slice(0, FEW) ?? [];
    };
    await this.decide(() => this.pass.runInTurn(bucket, whom), bucket);
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
