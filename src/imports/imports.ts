import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase } from '../platform/database/index.js';
import { conflict, invalid, invalidField, notFound, type FieldError } from '../platform/errors/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { Segments } from '../segments/index.js';
import { FIELDS, readField } from './columns.js';
import { ImportFiles, type Upload } from './import-files.js';
import { IMPORT_JOB } from './import-job.js';
import { importSql, type ImportRow, type Rejection } from './import-store.js';
import type { ImportView, NewImport } from './imports.dto.js';

const PAGE = 5_000;
const MAX_COLUMN = 255;

/** Files to load: told of, uploaded, worked through by a job, reported on. */
@Injectable()
export class Imports {
  constructor(
    private readonly database: ApiDatabase,
    private readonly jobs: Jobs,
    private readonly files: ImportFiles,
    private readonly segments: Segments,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 400 naming every field, 404 for an unknown segment, 409 for one that follows a rule */
  async create({ type, format, columns, segment }: NewImport): Promise<ImportView> {
    const errors = faultsOf({ type, format, columns, segment } as NewImport);
    if (errors.length > 0) throw invalid(errors);
    if (segment !== undefined && !(await this.segments.find(segment)).static) {
      throw conflict('Only a static segment has a list of members; this one follows its rule.');
    }
    const id = await this.database.transaction(async (tx) => {
      const job = await this.jobs.reserve(IMPORT_JOB, {}, tx);
      const stored = columns === undefined ? null : JSON.stringify(columns);
      await tx.query(importSql.insert, { id: job, type, format, columns: stored, segment: segment ?? null, now: this.clock.now() });
      return job;
    });
    return this.get(id);
  }

  async get(id: string): Promise<ImportView> {
    return view(await this.find(id));
  }

  /** Takes the file, durable before the answer, and lets the job begin. @throws Problem 400, 404, 409 if it has one, 413 */
  async receive(id: string, stream: Readable, packed: boolean): Promise<ImportView> {
    if ((await this.find(id)).uploadedAt) throw conflict('The import has its file; for another one, make another import.');
    const upload = await this.files.receive(id, stream);
    try {
      await this.take(id, upload, packed);
    } catch (error) {
      await this.files.discard(upload);
      throw error;
    }
    return this.get(id);
  }

  /** Lets a failed import go on behind the last row it has stored. @throws Problem 404, 409 */
  async resume(id: string): Promise<ImportView> {
    if ((await this.find(id)).status !== 'failed') throw conflict('Only a failed import can be resumed.');
    if (!(await this.files.has(id))) throw conflict('The file is gone; make another import. Rows that are stored count once.');
    await this.jobs.release(id, this.database);
    return this.get(id);
  }

  /** All refused rows in the order of the file, page by page. @throws Problem 404 before the first */
  async rejections(id: string): Promise<AsyncGenerator<Rejection[]>> {
    await this.find(id);
    const database = this.database;
    return (async function* pages() {
      for (let after: string | undefined = '0'; after !== undefined;) {
        const rows: Rejection[] = await database.query(importSql.rejections, { id, after, limit: PAGE });
        if (rows.length > 0) yield rows;
        after = rows.length === PAGE ? rows.at(-1)!.record : undefined;
      }
    })();
  }

  private async take(id: string, upload: Upload, packed: boolean): Promise<void> {
    if (upload.bytes === 0) throw invalidField('', 'the file is empty');
    if (packed && !upload.gzip) throw invalidField('Content-Encoding', 'says gzip, but the file is none');
    await this.database.transaction(async (tx) => {
      const noted = await tx.query(importSql.noteUpload, { id, hash: upload.hash, bytes: upload.bytes, now: this.clock.now() });
      if (noted.length === 0) throw conflict('Another upload for this import was faster.');
      await this.files.keep(id, upload);
      await this.jobs.release(id, tx);
    });
  }

  private async find(id: string): Promise<ImportRow> {
    const [row] = /^\d{1,18}$/.test(id) ? await this.database.query(importSql.find, { id }) : [];
    if (!row) throw notFound('import');
    return row;
  }
}

function faultsOf({ type, format, columns, segment }: NewImport): FieldError[] {
  const errors: FieldError[] = [];
  if (type === 'segment-members' && segment === undefined) errors.push({ path: 'segment', message: 'must name the static segment' });
  if (type !== 'segment-members' && segment !== undefined) errors.push({ path: 'segment', message: 'is for segment-members only' });
  if (columns === undefined) return errors;
  if (format !== 'csv') errors.push({ path: 'columns', message: 'are for csv only: rows of ndjson name their fields' });
  for (const [field, name] of Object.entries(columns)) {
    if (!readField(type, field)) errors.push({ path: `columns.${field}`, message: `is no field of ${type}` });
    else if (typeof name !== 'string' || name === '' || name.length > MAX_COLUMN) errors.push({ path: `columns.${field}`, message: `must name a column, 1 to ${MAX_COLUMN} characters` });
  }
  for (const field of FIELDS[type].required) {
    if (!Object.hasOwn(columns, field)) errors.push({ path: `columns.${field}`, message: 'is required' });
  }
  return errors;
}

function view(row: ImportRow): ImportView {
  const { id, type, format, segment, error, createdAt, uploadedAt } = row;
  return {
    id, jobId: id, type, format,
    status: uploadedAt ? row.status : 'waiting',
    progress: row.progress,
    accepted: Number(row.accepted), duplicates: Number(row.duplicates), rejected: Number(row.rejected),
    createdAt,
    ...(segment === null ? {} : { segment }),
    ...(error === null ? {} : { error }),
    ...(uploadedAt === null ? {} : { uploadedAt }),
  };
}
