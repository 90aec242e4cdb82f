import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Occurrences, type CampaignDefinition } from '../../campaigns/index.js';
import { Clock } from '../../platform/clock/index.js';
import { PlannerDatabase, sqlFile, type Transaction } from '../../platform/database/index.js';
import { Loops } from '../../platform/loops/index.js';
import { Doorbell } from '../../platform/queue/index.js';
import { BucketPass, type PassOutcome } from '../bucket-pass.js';
import { waiting, type WaitingRow } from './event-triggers.js';
import { TriggerEntries } from './trigger-entries.js';
import { reentryMs } from './trigger.js';

type Now = { now: Date | null };
type SegmentRow = WaitingRow & { segment: string; readFrom: Date; now: Date };

interface SegmentPage {
  segment: string;
  from: Date;
  campaignId: string;
  reentryMs: number;
  /** The last user of the page before. */
  after: string;
  page: number;
}

const here = import.meta.url;
const findSegmentTriggers = sqlFile<Now, SegmentRow>(here, '../sql/find-segment-triggers.sql');
const listSegmentEntries = sqlFile<SegmentPage, { id: string; userId: string; at: Date }>(here, '../sql/list-segment-entries.sql');
const moveCursor = sqlFile<{ campaignId: string; readUntil: Date }>(here, '../sql/move-trigger-cursor.sql');
const listDays = sqlFile<Now, { campaignId: string; day: Date; definition: CampaignDefinition }>(here, '../sql/list-days-of-entries.sql');
const findDue = sqlFile<Now & { bucket: number | null }, { bucket: number; users: string[] }>(here, '../sql/find-due-entries.sql');

const TICK_MS = 250;
/** Changes of a segment that are read at a time. */
const PAGE = 10_000;
const NOBODY = '0';
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
    await this.decideDue(now);
  }

  private async decideDue(now: Date | null): Promise<void> {
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

  /**
   * Entries into segments, as the log of changes has them. It is read from some minutes before the last reading: a change is logged as of
   * its beginning. All of it, page by page, before the next reading begins later; what is due meanwhile does not wait for the last page.
   */
  private async readSegments(now: Date | null): Promise<void> {
    for (const row of await this.database.query(findSegmentTriggers, { now })) {
      for (let after: string | undefined = NOBODY; after !== undefined;) {
        after = await this.readPageOrLog(row, after);
        if (after !== undefined) await this.decideDue(now);
      }
    }
  }

  /** One campaign's fault must not stop the others: its cursor stays, so that the next round begins where this one did. */
  private async readPageOrLog(row: SegmentRow, after: string): Promise<string | undefined> {
    try {
      return await this.readPage(row, after);
    } catch (error) {
      this.logger.error({ err: error, campaignId: row.id, segment: row.segment });
      return undefined;
    }
  }

  /**
   * Each page in a transaction of its own, so that none holds the states of very many: they come in the order of users, as the states are
   * locked. Whoever is cut short between two begins again where the last reading began, and finds done what was done.
   * @returns the last user of a full page: others may follow
   */
  private readPage(row: SegmentRow, after: string): Promise<string | undefined> {
    const campaign = waiting(row);
    const asked = { segment: row.segment, from: row.readFrom, campaignId: row.id, reentryMs: reentryMs(campaign.schedule), after, page: PAGE };
    return this.database.transaction(async (tx) => {
      const changes = await tx.query(listSegmentEntries, asked);
      const occasions = changes.map(({ id, userId, at }) => ({ userId, at, source: `change:${id}`, event: null }));
      if (occasions.length > 0) await this.entries.admit(tx, [{ campaign, occasions }], row.now);
      if (changes.length >= PAGE) return changes.at(-1)!.userId;
      await tx.query(moveCursor, { campaignId: row.id, readUntil: row.now });
      return undefined;
    });
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
