import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { WorkerDatabase, isUnavailable } from '../platform/database/index.js';
import { Problem } from '../platform/errors/index.js';
import { failpoint } from '../platform/failpoints/index.js';
import { JobInterrupted, Jobs } from '../platform/jobs/index.js';
import { Loops } from '../platform/loops/index.js';
import { batches, type FileRow } from './batches.js';
import { ColumnsRefused } from './columns.js';
import { ImportFiles } from './import-files.js';
import { importSql, type ImportRow } from './import-store.js';
import { ImportWriters, type Written } from './import-writers.js';

export const IMPORT_JOB = 'import';
/** The loop of its own in which imports run, one at a time a process. */
const LANE = 'imports';
const SWEEP_EVERY_MS = 3_600_000;
const MAX_MESSAGE = 500;

export interface ImportCounts {
  accepted: number;
  duplicates: number;
  rejected: number;
}

/** Works through an uploaded file, batch by batch, each with the place it has come to in one transaction. */
@Injectable()
export class ImportJob implements OnModuleInit, OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly jobs: Jobs,
    private readonly loops: Loops,
    private readonly files: ImportFiles,
    private readonly writers: ImportWriters,
  ) {}

  onModuleInit(): void {
    this.jobs.handle(IMPORT_JOB, (_payload, report, id) => this.run(id, report), LANE);
    this.loops.every('import-files', SWEEP_EVERY_MS, () => this.files.sweep());
  }

  /** Before the loops are waited for: a file of an hour must not hold up the end of the process. */
  onModuleDestroy(): void {
    this.stopping = true;
  }

  private async run(id: string, report: (progress: number) => Promise<void>): Promise<ImportCounts> {
    const of = await this.find(id);
    const { text, share } = await this.files.read(id);
    try {
      for await (const batch of batches(text, of, Number(of.records))) {
        if (this.stopping) throw new JobInterrupted();
        await this.store(of, batch);
        failpoint('import.batch-stored');
        // 1 is for what is done.
        await report(Math.min(0.999, share()));
      }
    } catch (error) {
      throw problemOf(error);
    }
    await this.files.remove(id);
    const { accepted, duplicates, rejected } = await this.find(id);
    return { accepted: Number(accepted), duplicates: Number(duplicates), rejected: Number(rejected) };
  }

  private async store(of: ImportRow, batch: readonly FileRow[]): Promise<void> {
    const good = batch.flatMap((row) => (row.ok ? [row] : []));
    await this.writers.write(of, good, async (tx, { accepted, duplicates, rejected }: Written) => {
      const refused = [
        ...batch.flatMap((row) => (row.ok ? [] : [row])),
        ...rejected.map(({ index, path, message }) => ({ record: good[index]!.record, line: good[index]!.line, path, message })),
      ];
      const moved = await tx.query(importSql.advance, {
        id: of.id, from: batch[0]!.record - 1, to: batch.at(-1)!.record, accepted, duplicates,
        rejectedRecords: refused.map(({ record }) => record),
        rejectedLines: refused.map(({ line }) => line),
        rejectedPaths: refused.map(({ path }) => (path === undefined ? null : shortened(path))),
        rejectedMessages: refused.map(({ message }) => shortened(message)),
      });
      // Its lease ran out while it stood still, and another process has taken these very rows.
      if (moved.length === 0) throw new Problem(409, 'Another process has gone on with this import.');
    });
  }

  private async find(id: string): Promise<ImportRow> {
    const [row] = await this.database.query(importSql.find, { id });
    return row!;
  }
}

/** A file's faults are told to whoever sent it; all others are ours. */
function problemOf(error: unknown): unknown {
  // The database will be back: the job is queued again, or taken up when its lease has run out.
  if (isUnavailable(error)) return new JobInterrupted();
  if (error instanceof ColumnsRefused) return new Problem(400, error.message);
  const code = (error as { code?: unknown }).code;
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') return new Problem(400, 'The gzip file is damaged or cut off. What was read before is stored; send the whole file in a new import.');
  return error;
}

/** A hostile key of a megabyte is no message. */
function shortened(text: string): string {
  return text.slice(0, MAX_MESSAGE).toWellFormed().replaceAll('\0', '');
}
