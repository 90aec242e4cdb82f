import { sqlFile } from '../platform/database/index.js';
import type { ImportFormat, ImportType } from './import-type.js';

export interface ImportRow {
  id: string;
  type: ImportType;
  format: ImportFormat;
  columns: Record<string, string> | null;
  segment: string | null;
  segmentId: string | null;
  fileHash: string | null;
  fileBytes: string | null;
  records: string;
  accepted: string;
  duplicates: string;
  rejected: string;
  createdAt: Date;
  uploadedAt: Date | null;
  status: 'queued' | 'running' | 'done' | 'failed';
  progress: number;
  error: string | null;
}

export interface Rejection {
  record: string;
  line: string;
  path: string | null;
  message: string;
}

interface Advance {
  id: string;
  from: number;
  to: number;
  accepted: number;
  duplicates: number;
  rejectedRecords: number[];
  rejectedLines: number[];
  rejectedPaths: (string | null)[];
  rejectedMessages: string[];
}

const load = <P extends object, R = object>(name: string) => sqlFile<P, R>(import.meta.url, `./sql/${name}.sql`);

export const importSql = {
  insert: load<{ id: string; type: string; format: string; columns: string | null; segment: string | null; now: Date }>('insert-import'),
  find: load<{ id: string }, ImportRow>('find-import'),
  noteUpload: load<{ id: string; hash: string; bytes: number; now: Date }, { id: string }>('note-upload'),
  advance: load<Advance, { id: string }>('advance-import'),
  rejections: load<{ id: string; after: string; limit: number }, Rejection>('list-import-rejections'),
  markAsImported: load<object>('mark-as-imported'),
  lockSegment: load<{ id: string }>('lock-imported-segment'),
  addMembers: load<{ id: string; userIds: string[]; now: Date }, { added: number; unknown: string[] }>('add-imported-members'),
};
