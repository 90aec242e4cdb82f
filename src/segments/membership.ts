import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, sqlState, type Transaction } from '../platform/database/index.js';
import { currentInstant } from '../scoring/index.js';
import { SettingsService } from '../settings/index.js';
import { bindNow, SegmentPredicates } from './segment-predicates.js';
import { segmentSql } from './segment-store.js';

/** Why somebody entered or left; kept with each change. */
export type BuildCause = 'created' | 'rule_edited' | 'evaluated';

// Together with the loop's second and a pass of up to a second, membership stays below the promised 5 s.
const FRESH_MS = 1_500;
/** After a slow pass the loop rests four times as long: building takes at most a fifth of the time. */
const REST_FACTOR = 4;
const SLOW_PASS_MS = 500;
const FOREIGN_KEY_VIOLATION = '23503';

/** Keeps the stored membership of dynamic segments at what their rules say. */
@Injectable()
export class Membership {
  private readonly logger = new Logger('segments');
  private restUntil = -Infinity;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly predicates: SegmentPredicates,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the stored membership equal to the rule as of now, in one statement that also logs every entry and exit.
   * The caller's transaction must hold the segment's lock: the statement's snapshot has to come after it.
   */
  async build(tx: Transaction, id: string, key: string, cause: BuildCause): Promise<void> {
    const began = this.clock.monotonic();
    const now = await currentInstant(tx, this.clock);
    const { sql, params } = await this.predicates.compileSegment(tx, key, await this.settings.get(), 4);
    await tx.query(segmentSql.limitTime, {});
    const [row] = await tx.raw<{ size: string }>(diffSql(sql), [id, now, cause, ...bindNow(params, now)]);
    const buildMs = Math.round(this.clock.monotonic() - began);
    await tx.query(segmentSql.noteBuild, { id, size: row!.size, at: now, buildMs });
  }

  /** One round over all dynamic segments that are due; a broken one does not hold up the others. */
  async refreshAll(): Promise<void> {
    const began = this.clock.monotonic();
    if (began < this.restUntil) return;
    const now = await currentInstant(this.database, this.clock);
    // A test's clock stands still and each of its rounds must count, so only the real one spares what is fresh.
    const spared = this.clock.forSql() ? 0 : FRESH_MS;
    for (const { id, key } of await this.database.query(segmentSql.listStale, { before: new Date(now.getTime() - spared) })) {
      await this.refresh(id, key).catch((error: Error) => this.logger.error({ err: error, segment: key }));
    }
    const took = this.clock.monotonic() - began;
    if (took > SLOW_PASS_MS) this.restUntil = this.clock.monotonic() + REST_FACTOR * took;
  }

  private refresh(id: string, key: string): Promise<void> {
    return retryOnErasure(() => this.database.transaction(async (tx) => {
      const [lock] = await tx.query(segmentSql.tryLock, { id });
      if (!lock!.locked) return;
      const [segment] = await tx.query(segmentSql.find, { key });
      if (segment?.id === id && !segment.static) await this.build(tx, id, key, 'evaluated');
    }));
  }
}

/** Somebody erased between the statement's snapshot and its insert breaks the foreign key: the next snapshot lacks them. */
export async function retryOnErasure<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== FOREIGN_KEY_VIOLATION || attempt === 3) throw error;
    }
  }
}

/** $1 the segment, $2 the instant, $3 the cause; the predicate's parameters follow. */
function diffSql(predicate: string): string {
  return `
    with target as materialized (
      select u.id from users u where ${predicate}
    ), entered as (
      insert into segment_members (segment_id, user_id, entered_at)
      select $1::bigint, t.id, $2::timestamptz from target t
      where not exists (select from segment_members m where m.segment_id = $1::bigint and m.user_id = t.id)
      order by t.id
      returning user_id
    ), gone as (
      delete from segment_members m
      where m.segment_id = $1::bigint and not exists (select from target t where t.id = m.user_id)
      returning m.user_id
    ), logged as (
      insert into segment_changes (segment_id, user_id, entered, cause, at)
      select $1::bigint, user_id, true, $3::text, $2::timestamptz from entered
      union all
      select $1::bigint, user_id, false, $3::text, $2::timestamptz from gone
    )
    select count(*) as size from target`;
}
