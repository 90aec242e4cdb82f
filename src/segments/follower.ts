import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, isConnectionLoss, isSerializationConflict, type Transaction } from '../platform/database/index.js';
import { currentInstant } from '../scoring/index.js';
import { SettingsService } from '../settings/index.js';
import { facetOf, facetsOf, type Facet, type Mark } from './facets.js';
import { WorkLists, type Work } from './followed-work.js';
import { brokenByErasure, retryOnErasure } from './membership.js';
import { userDiffSql } from './membership-sql.js';
import { compileTurns, compileUnion, type CompileEnvironment } from './segment-compiler.js';
import { bindNow, SegmentPredicates } from './segment-predicates.js';
import { segmentSql, type FollowedSegment } from './segment-store.js';

/** Marks that one transaction follows, and users whom time turns in one segment: a batch stays well below a second. */
const BATCH = 10_000;
/** With more marks waiting, evaluating everybody once is cheaper than everybody one by one. */
const STORM = 100_000;
const BATCHES_A_ROUND = 20;
const STATEMENT_TIMEOUT = '10s';

interface Segment extends FollowedSegment {
  readonly facets: ReadonlySet<string>;
}

/** A segment with its work, under its lock. */
interface Held {
  readonly segment: Segment;
  readonly work: Work;
}

interface Outcome {
  /** The batch was full: more may wait. */
  readonly more: boolean;
  /** Something was left for a later round. */
  readonly left: boolean;
}

/**
 * Lets stored membership follow what changed (marks) and time (turns). A round takes all marks that wait: a user with a hundred
 * events in a round is evaluated once, and no mark waits longer than for the next round.
 *
 * Taking a mark away and evaluating whom it names commit together; every statement after the taking sees what the mark came with.
 * Whoever writes a segment's membership holds the segment's lock; a segment that somebody else holds gets its marks back.
 */
@Injectable()
export class SegmentFollower {
  private readonly logger = new Logger('segments');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly predicates: SegmentPredicates,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /** One round: until nothing waits, or for a bounded number of batches. */
  async follow(): Promise<void> {
    for (let batch = 0; batch < BATCHES_A_ROUND; batch++) {
      const { more, left } = await retryOnErasure(() => this.database.transaction((tx) => this.followBatch(tx)));
      if (!more || left) return;
    }
  }

  private async followBatch(tx: Transaction): Promise<Outcome> {
    const [lock] = await tx.query(segmentSql.tryLockFollower, {});
    if (!lock!.locked) return { more: false, left: true };
    const marks = await this.takeMarks(tx);
    const now = await currentInstant(tx, this.clock);
    const due = new Map((await tx.query(segmentSql.listDueTurns, { now, limit: BATCH })).map(({ id, users }) => [id, users]));
    const more = marks.reduce((sum, { taken }) => sum + taken, 0) >= BATCH || [...due.values()].some((users) => users.length >= BATCH);
    const left = marks.length + due.size > 0 && (await this.distribute(tx, marks, due));
    if (!more && !left) await tx.query(segmentSql.noteFollowed, { now });
    return { more, left };
  }

  private async takeMarks(tx: Transaction): Promise<(Mark & { taken: number })[]> {
    const marks = await tx.query(segmentSql.takeMarks, { limit: BATCH, fold: false });
    if (marks.reduce((sum, { taken }) => sum + taken, 0) < BATCH) return marks;
    const [backlog] = await tx.query(segmentSql.countMarks, { limit: STORM });
    return backlog!.waiting < STORM ? marks : [...marks, ...(await tx.query(segmentSql.takeMarks, { limit: null, fold: true }))];
  }

  /** @returns whether a segment had to be left for later */
  private async distribute(tx: Transaction, marks: readonly Mark[], due: ReadonlyMap<string, string[]>): Promise<boolean> {
    const lists = new WorkLists(marks);
    const gone = marks.filter(({ facet }) => facet === 'gone');
    const held: Held[] = [];
    let left = false;
    for (const segment of await this.segments(tx)) {
      const work = lists.of(segment, due.get(segment.id) ?? []);
      const erased = gone.filter(({ segmentId }) => segmentId === null || segmentId === segment.id);
      if (work.users.length === 0 && work.everyone === undefined && erased.length === 0) continue;
      const [lock] = await tx.query(segmentSql.tryLock, { id: segment.id });
      if (lock!.locked) {
        held.push({ segment, work });
        if (erased.length > 0) await tx.query(segmentSql.recount, { id: segment.id });
      } else {
        left = true;
        await this.putBack(tx, segment, work, erased);
      }
    }
    await this.forgetTurns(tx, gone);
    await this.evaluate(tx, held);
    return left;
  }

  /** Under the locks the segments are read once more: one may have been edited or deleted since. */
  private async evaluate(tx: Transaction, held: readonly Held[]): Promise<void> {
    if (held.length === 0) return;
    const now = await currentInstant(tx, this.clock);
    const fresh = new Map((await this.segments(tx)).map((segment) => [segment.id, segment]));
    const present = held.flatMap(({ segment, work }) => {
      const current = fresh.get(segment.id);
      return current && !current.static ? [{ segment: current, work }] : [];
    });
    const env = await this.predicates.environment(tx, present.map(({ segment }) => segment.key), await this.settings.current(tx), 'row');
    await tx.query(segmentSql.limitStatement, { timeout: STATEMENT_TIMEOUT });
    for (const { segment, work } of present) {
      if (work.everyone !== undefined) await tx.query(segmentSql.requestRebuild, { id: segment.id, cause: work.everyone });
      else if (work.users.length > 0) await this.tryMove(tx, segment, work, env, now);
    }
  }

  private async tryMove(tx: Transaction, segment: Segment, work: Work, env: CompileEnvironment, now: Date): Promise<void> {
    await tx.raw('savepoint segment');
    try {
      await this.move(tx, segment, work, env, now);
      await tx.raw('release savepoint segment');
    } catch (error) {
      if (brokenByErasure(error) || isConnectionLoss(error) || isSerializationConflict(error)) throw error;
      await tx.raw('rollback to savepoint segment');
      this.logger.error({ err: error as Error, segment: segment.key });
      await tx.query(segmentSql.requestRebuild, { id: segment.id, cause: 'evaluated' });
    }
  }

  private async move(tx: Transaction, { id, key, turnsUntil }: Segment, { users, causes }: Work, env: CompileEnvironment, now: Date): Promise<void> {
    const until = turnsUntil ?? now;
    const predicate = compileUnion({ include: [key], exclude: [] }, env, 6);
    const turns = compileTurns(key, env, 6 + predicate.params.length, (column) => `${column} = any($3::bigint[])`);
    const [row] = await tx.raw<{ grown: string }>(userDiffSql(predicate.sql, turns?.sql), [
      id, now, users, causes, until, ...bindNow([...predicate.params, ...(turns?.params ?? [])], now, until),
    ]);
    if (row!.grown !== '0') await tx.query(segmentSql.noteMoved, { id, grown: row!.grown, now });
  }

  /** What time turned stays due by itself; everything else comes back as it was marked. */
  private async putBack(tx: Transaction, { id }: Segment, { users, causes, everyone }: Work, erased: readonly Mark[]): Promise<void> {
    const back = (facet: Facet, imported: boolean, who: readonly string[]): Promise<unknown> =>
      tx.query(segmentSql.putBackMarks, { id, facet, imported, users: who.length === 0 ? null : [...who] });
    for (const cause of new Set(causes.filter((each) => each !== 'time'))) {
      await back(facetOf(cause), cause === 'imported', users.filter((_, i) => causes[i] === cause));
    }
    if (everyone !== undefined) await back(facetOf(everyone), everyone === 'imported', []);
    if (erased.length > 0) await back('gone', false, []);
  }

  private async forgetTurns(tx: Transaction, gone: readonly Mark[]): Promise<void> {
    const users = gone.flatMap((mark) => mark.users);
    if (users.length > 0) await tx.query(segmentSql.forgetTurns, { users });
  }

  private async segments(tx: Transaction): Promise<Segment[]> {
    const rows = await tx.query(segmentSql.listFollowed, {});
    const known = this.predicates.known(rows);
    return rows.map((row) => ({ ...row, facets: row.static ? new Set<string>() : facetsOf(row.key, known) }));
  }
}
