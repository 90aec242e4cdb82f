import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlState, type Transaction } from '../platform/database/index.js';
import { currentInstant } from '../scoring/index.js';
import { SettingsService } from '../settings/index.js';
import type { Cause } from './facets.js';
import { wholeDiffSql, wholeTurnsSql } from './membership-sql.js';
import { compileTurns, compileUnion } from './segment-compiler.js';
import { bindNow, SegmentPredicates } from './segment-predicates.js';
import { segmentSql } from './segment-store.js';

/**
 * How far ahead turns are kept: most windows are far longer than it, so that few users have one at a time. A comparison renews it
 * long before it ends; if none comes, the segment is rebuilt whole.
 */
const HORIZON_MS = 48 * 3_600_000;
/** A proof that following missed nothing; at the same time it carries the horizon on. */
const RECONCILE_MS = 6 * 3_600_000;
/** A rule over a large base may take long, but not for ever. */
const WHOLE_TIMEOUT = '60s';
/** After a slow round of rebuilds, rest as long again; one that fails is left alone for longer. */
const SLOW_MS = 500;
const FAILED_REST_MS = 30_000;
const FOREIGN_KEY_VIOLATION = '23503';

/** What asks for a whole evaluation that is compared instead of believed. */
const COMPARED: Cause = 'reconciled';

/** Evaluates dynamic segments whole: when they are made or edited, when everybody may have turned, and as a proof. */
@Injectable()
export class Membership {
  private readonly logger = new Logger('segments');
  private restUntil = -Infinity;
  private readonly failedUntil = new Map<string, number>();

  constructor(
    private readonly database: WorkerDatabase,
    private readonly predicates: SegmentPredicates,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the stored membership equal to the rule as of now, in one statement that also logs every entry and exit, and writes when
   * time next turns whom. The caller's transaction must hold the segment's lock: the snapshot has to come after it.
   * @returns how many memberships differed
   */
  async build(tx: Transaction, id: string, key: string, cause: Cause): Promise<number> {
    const began = this.clock.monotonic();
    const now = await currentInstant(tx, this.clock);
    const until = new Date(now.getTime() + HORIZON_MS);
    const env = await this.predicates.environment(tx, [key], await this.settings.current(tx), 'set');
    const predicate = compileUnion({ include: [key], exclude: [] }, env, 5);
    const turns = compileTurns(key, env, 5, () => 'true');
    const compared = cause === COMPARED;
    await tx.query(segmentSql.planForEveryone, { timeout: WHOLE_TIMEOUT });
    const [row] = await tx.raw<{ size: string; moved: string }>(wholeDiffSql(predicate.sql), [id, now, cause, compared, ...bindNow(predicate.params, now)]);
    await tx.raw(wholeTurnsSql(turns?.sql), [id, now, until, compared, ...bindNow(turns?.params ?? [], now, until)]);
    const moved = Number(row!.moved);
    await tx.query(segmentSql.noteBuild, {
      id, size: row!.size, at: now, until, buildMs: Math.round(this.clock.monotonic() - began), drift: compared ? moved : 0,
      // Until this commits, whoever follows marks does not see the new rule: what changed meanwhile is caught up with once more.
      rebuildCause: cause === 'created' || cause === 'rule_edited' ? 'evaluated' : null,
    });
    return moved;
  }

  /** Rebuilds what asks for it; a broken segment does not hold up the others. */
  async rebuildRequested(): Promise<void> {
    const began = this.clock.monotonic();
    if (began < this.restUntil) return;
    const now = await currentInstant(this.database, this.clock);
    for (const { id, key, cause } of await this.database.query(segmentSql.listRebuilds, { now })) {
      if ((this.failedUntil.get(id) ?? -Infinity) <= this.clock.monotonic()) await this.attempt(id, key, cause);
    }
    const took = this.clock.monotonic() - began;
    if (took > SLOW_MS) this.restUntil = this.clock.monotonic() + took;
  }

  /** Compares the segments that were not compared lately. */
  async reconcileDue(): Promise<void> {
    const now = await currentInstant(this.database, this.clock);
    for (const { id, key } of await this.database.query(segmentSql.listUnreconciled, { before: new Date(now.getTime() - RECONCILE_MS) })) {
      const drift = await this.attempt(id, key, COMPARED);
      if (drift > 0) this.logger.error({ segment: key, drift }, 'stored membership was not what the rule says');
    }
  }

  /** Compares one segment with its rule and mends it. @returns how many memberships were wrong; must be 0 */
  reconcile(id: string, key: string): Promise<number> {
    return this.underLock(id, key, COMPARED);
  }

  private async attempt(id: string, key: string, cause: Cause): Promise<number> {
    try {
      const moved = await this.underLock(id, key, cause);
      this.failedUntil.delete(id);
      return moved;
    } catch (error) {
      this.failedUntil.set(id, this.clock.monotonic() + FAILED_REST_MS);
      this.logger.error({ err: error as Error, segment: key });
      return 0;
    }
  }

  private underLock(id: string, key: string, cause: Cause): Promise<number> {
    return retryOnErasure(() => this.database.transaction(async (tx) => {
      const [lock] = await tx.query(segmentSql.tryLock, { id });
      if (!lock!.locked) return 0;
      const [segment] = await tx.query(segmentSql.find, { key });
      return segment?.id === id && !segment.static ? this.build(tx, id, key, cause) : 0;
    }));
  }
}

/** Somebody erased between the statement's snapshot and its insert breaks the foreign key: the next snapshot lacks them. */
export async function retryOnErasure<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!brokenByErasure(error) || attempt === 3) throw error;
    }
  }
}

export function brokenByErasure(error: unknown): boolean {
  return sqlState(error) === FOREIGN_KEY_VIOLATION;
}
