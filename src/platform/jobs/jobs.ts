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

const DEFAULT_LANE = 'jobs';

export type JobHandler = (payload: never, report: (progress: number) => Promise<void>, id: string) => Promise<unknown>;

const insert = sqlFile<{ type: string; payload: string }, { id: string }>(import.meta.url, './sql/insert-job.sql');
const find = sqlFile<{ id: string }, JobRow>(import.meta.url, './sql/find-job.sql');
const claim = sqlFile<{ types: string[] }, { id: string; type: string; payload: unknown }>(import.meta.url, './sql/claim-job.sql');
const progress = sqlFile<{ id: string; progress: number }>(import.meta.url, './sql/report-job-progress.sql');
const finish = sqlFile<{ id: string; result: string | null; error: string | null }>(import.meta.url, './sql/finish-job.sql');

const reserve = sqlFile<{ type: string; payload: string }, { id: string }>(import.meta.url, './sql/reserve-job.sql');
const release = sqlFile<{ id: string }, { id: string }>(import.meta.url, './sql/release-job.sql');

const LOOK_EVERY_MS = 500;
const RENEW_MS = 10_000;

/** Thrown by a handler that has to stop before its end, at a place where it can go on: the job is queued again. */
export class JobInterrupted extends Error {
  constructor() {
    super('the job was interrupted and is queued again');
  }
}

/** Background work with progress, kept in Postgres: a job accepted is a job done, whatever dies in between. */
@Injectable()
export class Jobs implements OnModuleInit {
  private readonly handlers = new Map<string, JobHandler>();
  private readonly lanes = new Map<string, string[]>([[DEFAULT_LANE, []]]);
  private readonly logger = new Logger('jobs');

  constructor(
    private readonly api: ApiDatabase,
    private readonly worker: WorkerDatabase,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    this.loops.every(DEFAULT_LANE, LOOK_EVERY_MS, () => this.drain(DEFAULT_LANE));
  }

  /**
   * One handler for each type, for ever. A handler must bear being started again after a crash.
   * @param lane jobs of a lane run one after the other. What takes minutes has a lane (and so a loop) of its own: an erasure must
   * not wait behind it.
   */
  handle(type: string, handler: JobHandler, lane = DEFAULT_LANE): void {
    if (this.handlers.has(type)) throw new Error(`two handlers for jobs of type ${type}`);
    this.handlers.set(type, handler);
    const types = this.lanes.get(lane);
    if (types) types.push(type);
    else {
      this.lanes.set(lane, [type]);
      this.loops.every(lane, LOOK_EVERY_MS, () => this.drain(lane));
    }
  }

  /** A job that is shown but not begun before `release`: what it works on is still to come. */
  async reserve(type: string, payload: object, on: Queryable): Promise<string> {
    const [row] = await on.query(reserve, { type, payload: JSON.stringify(payload) });
    return row!.id;
  }

  /** Lets a reserved job begin, and a failed one once more. */
  async release(id: string, on: Queryable): Promise<void> {
    await on.query(release, { id });
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

  private async drain(lane: string): Promise<void> {
    const types = this.lanes.get(lane)!;
    for (;;) {
      const [job] = await this.worker.query(claim, { types });
      if (!job) return;
      if (!(await this.perform(job))) return;
    }
  }

  /** @returns false if the job was interrupted: this process is about to end, or would go round in a circle. */
  private async perform(job: { id: string; type: string; payload: unknown }): Promise<boolean> {
    let last = 0;
    const report = async (value: number): Promise<void> => {
      last = Math.min(1, Math.max(0, value));
      await this.worker.query(progress, { id: job.id, progress: last });
    };
    const renewal = setInterval(() => void report(last).catch(() => undefined), RENEW_MS);
    try {
      const result = await this.handlers.get(job.type)!(job.payload as never, report, job.id);
      await this.worker.query(finish, { id: job.id, result: JSON.stringify(result ?? null), error: null });
      return true;
    } catch (error) {
      if (error instanceof JobInterrupted) {
        await this.worker.query(release, { id: job.id });
        return false;
      }
      this.logger.error({ err: error, job: job.id, type: job.type });
      const text = error instanceof Problem ? error.detail : 'The job failed. The fault is in the server log under this job id.';
      await this.worker.query(finish, { id: job.id, result: null, error: text });
      return true;
    } finally {
      clearInterval(renewal);
    }
  }
}
