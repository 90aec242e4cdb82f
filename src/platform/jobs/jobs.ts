import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ApiDatabase, WorkerDatabase, sqlFile, type Queryable } from '../database/index.js';
import { Problem, notFound } from '../errors/index.js';
import { Loops } from '../loops/index.js';

export interface JobView {
  id: string;
  type: string;
  status: 'queued' | 'running' | 'done' | 'failed';
  progress: number;
  result?: unknown;
  error?: string;
}

interface JobRow extends Omit<JobView, 'result' | 'error'> {
  result: unknown;
  error: string | null;
}

export type JobHandler = (payload: never, report: (progress: number) => Promise<void>) => Promise<unknown>;

const insert = sqlFile<{ type: string; payload: string }, { id: string }>(import.meta.url, './sql/insert-job.sql');
const find = sqlFile<{ id: string }, JobRow>(import.meta.url, './sql/find-job.sql');
const claim = sqlFile<{ types: string[] }, { id: string; type: string; payload: unknown }>(import.meta.url, './sql/claim-job.sql');
const progress = sqlFile<{ id: string; progress: number }>(import.meta.url, './sql/report-job-progress.sql');
const finish = sqlFile<{ id: string; result: string | null; error: string | null }>(import.meta.url, './sql/finish-job.sql');

const RENEW_MS = 10_000;

/** Background work with progress, kept in Postgres: a job accepted is a job done, whatever dies in between. */
@Injectable()
export class Jobs implements OnModuleInit {
  private readonly handlers = new Map<string, JobHandler>();
  private readonly logger = new Logger('jobs');

  constructor(
    private readonly api: ApiDatabase,
    private readonly worker: WorkerDatabase,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    this.loops.every('jobs', 500, () => this.drain());
  }

  /** One handler for each type, for ever. A handler must bear being started again after a crash. */
  handle(type: string, handler: JobHandler): void {
    if (this.handlers.has(type)) throw new Error(`two handlers for jobs of type ${type}`);
    this.handlers.set(type, handler);
  }

  /** @param on the open transaction, where the job must exist exactly if the change does. */
  async enqueue(type: string, payload: object = {}, on: Queryable = this.api): Promise<string> {
    const [row] = await on.query(insert, { type, payload: JSON.stringify(payload) });
    return row!.id;
  }

  async find(id: string): Promise<JobView> {
    const [row] = /^\d{1,18}$/.test(id) ? await this.api.query(find, { id }) : [];
    if (!row) throw notFound('job');
    const { result, error, ...view } = row;
    return { ...view, ...(result === null ? {} : { result }), ...(error === null ? {} : { error }) };
  }

  private async drain(): Promise<void> {
    const types = [...this.handlers.keys()];
    for (;;) {
      const [job] = await this.worker.query(claim, { types });
      if (!job) return;
      await this.perform(job);
    }
  }

  private async perform(job: { id: string; type: string; payload: unknown }): Promise<void> {
    let last = 0;
    const report = async (value: number): Promise<void> => {
      last = Math.min(1, Math.max(0, value));
      await this.worker.query(progress, { id: job.id, progress: last });
    };
    const renewal = setInterval(() => void report(last).catch(() => undefined), RENEW_MS);
    try {
      const result = await this.handlers.get(job.type)!(job.payload as never, report);
      await this.worker.query(finish, { id: job.id, result: JSON.stringify(result ?? null), error: null });
    } catch (error) {
      this.logger.error({ err: error, job: job.id, type: job.type });
      const text = error instanceof Problem ? error.detail : 'The job failed. The fault is in the server log under this job id.';
      await this.worker.query(finish, { id: job.id, result: null, error: text });
    } finally {
      clearInterval(renewal);
    }
  }
}
