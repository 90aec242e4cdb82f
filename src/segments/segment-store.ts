import { sqlFile } from '../platform/database/index.js';
import type { Cause, Mark } from './facets.js';

export interface SegmentRow {
  id: string;
  key: string;
  name: string;
  static: boolean;
  rule: unknown;
  size: string | null;
  computedAt: Date | null;
  buildMs: number | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface MemberRow {
  id: string;
  userId: string;
  enteredAt: Date;
}

/** A segment as the follower sees it. */
export interface FollowedSegment {
  id: string;
  key: string;
  static: boolean;
  rule: unknown;
  /** Why everybody is to be evaluated; null: following is enough. */
  rebuildCause: Cause | null;
  /** Turns are known up to here. */
  turnsUntil: Date | null;
}

const load = <P extends object, R = object>(name: string) => sqlFile<P, R>(import.meta.url, `./sql/${name}.sql`);

export const segmentSql = {
  insert: load<{ key: string; name: string; static: boolean; rule: string | null; now: Date }, { id: string }>('insert-segment'),
  update: load<{ id: string; name: string | null; rule: string | null; now: Date }, { id: string }>('update-segment'),
  delete: load<{ id: string }, { id: string }>('delete-segment'),
  find: load<{ key: string }, SegmentRow>('find-segment'),
  list: load<{ after: string | null; limit: number }, SegmentRow>('list-segments'),
  readRules: load<{ keys: string[] }, { id: string; key: string; rule: unknown }>('read-segment-rules'),
  listDependents: load<{ key: string }, { key: string }>('list-dependent-segments'),
  findUses: load<{ key: string }, { usedBy: string }>('find-segment-uses'),
  lock: load<{ id: string }>('lock-segment'),
  tryLock: load<{ id: string }, { locked: boolean }>('try-lock-segment'),
  noteBuild: load<{ id: string; size: string; at: Date; buildMs: number; rebuildCause: string | null; until: Date; drift: number }>('note-segment-build'),
  noteStatic: load<{ id: string; at: Date }>('note-static-change'),
  planForEveryone: load<{ timeout: string }>('plan-for-everyone'),
  limitStatement: load<{ timeout: string }>('limit-statement'),
  listRebuilds: load<{ now: Date }, { id: string; key: string; cause: Cause }>('list-rebuilds'),
  listUnreconciled: load<{ before: Date }, { id: string; key: string }>('list-unreconciled'),
  measure: load<{ now: Date | null }, { drift: number; lag: number }>('measure-segments'),
  tryLockFollower: load<object, { locked: boolean }>('try-lock-follower'),
  takeMarks: load<{ limit: number | null; fold: boolean }, Mark & { taken: number }>('take-segment-marks'),
  countMarks: load<{ limit: number }, { waiting: number }>('count-segment-marks'),
  putBackMarks: load<{ id: string; facet: string; imported: boolean; users: string[] | null }>('put-back-segment-marks'),
  markEdited: load<{ key: string }>('mark-segment-edited'),
  listFollowed: load<object, FollowedSegment>('list-followed-segments'),
  listDueTurns: load<{ now: Date; limit: number }, { id: string; users: string[] }>('list-due-turns'),
  requestRebuild: load<{ id: string; cause: Cause }>('request-rebuild'),
  noteMoved: load<{ id: string; grown: string; now: Date }>('note-members-moved'),
  recount: load<{ id: string }>('recount-segment'),
  forgetTurns: load<{ users: string[] }>('forget-turns'),
  noteFollowed: load<{ now: Date }>('note-followed'),
  listMembers: load<{ id: string; after: string; limit: number }, MemberRow>('list-segment-members'),
  listEveryone: load<{ after: string; limit: number }, MemberRow>('list-everyone'),
  countEveryone: load<object, { size: string }>('count-everyone'),
  changeStatic: load<{ id: string; add: string[]; remove: string[]; now: Date }, { added: number; removed: number; unknown: string[] }>('change-static-members'),
  history: load<{ id: string; from: Date; to: Date }, { date: string; entered: number; exited: number }>('read-segment-history'),
  ofUser: load<{ userId: string }, { key: string | null; name: string | null; enteredAt: Date | null }>('list-user-segments'),
};
