import { sqlFile } from '../platform/database/index.js';

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
  limitTime: load<object>('limit-build-time'),
  noteBuild: load<{ id: string; size: string; at: Date; buildMs: number }>('note-segment-build'),
  listStale: load<{ before: Date }, { id: string; key: string }>('list-stale-segments'),
  listMembers: load<{ id: string; after: string; limit: number }, MemberRow>('list-segment-members'),
  listEveryone: load<{ after: string; limit: number }, MemberRow>('list-everyone'),
  countEveryone: load<object, { size: string }>('count-everyone'),
  countMembers: load<{ id: string }, { size: string }>('count-members'),
  changeStatic: load<{ id: string; add: string[]; remove: string[]; now: Date }, { added: number; removed: number; unknown: string[] }>('change-static-members'),
  history: load<{ id: string; from: Date; to: Date }, { date: string; entered: number; exited: number }>('read-segment-history'),
  ofUser: load<{ userId: string }, { key: string | null; name: string | null; enteredAt: Date | null }>('list-user-segments'),
};
