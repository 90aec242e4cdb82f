import { Global, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

const log = new Logger('database');
const logLoss = (error: Error): void => log.warn(`connection lost: ${error.message}`);

/** Requests over HTTP. A statement may take 30 s at most (exports read through cursors and are many statements). */
@Injectable()
export class ApiDatabase extends Database {
  constructor(url: string) {
    super(url, { max: 10, name: 'rapport-api', statementTimeoutMs: 30_000, idleInTransactionTimeoutMs: 30_000 }, logLoss);
  }
}

/**
 * Deciding: three bulk passes at a time, an event's pass in line for each of their buckets, and beside them transactional waves, events
 * whose bucket is free and the pricing of budgets, which must not wait for a connection until a bulk pass ends. A stopped holder of a bucket's lock blocks nobody for longer than these time-outs.
 */
@Injectable()
export class PlannerDatabase extends Database {
  constructor(url: string) {
    super(url, { max: 10, name: 'rapport-planner', statementTimeoutMs: 5_000, idleInTransactionTimeoutMs: 5_000 }, logLoss);
  }
}

/** Sending, feedback, jobs. */
@Injectable()
export class WorkerDatabase extends Database {
  constructor(url: string) {
    super(url, { max: 8, name: 'rapport-worker', idleInTransactionTimeoutMs: 60_000 }, logLoss);
  }
}

/**
 * Claiming and settling: short transactions that hold a campaign's row shared and a chunk. A worker that is stopped in the middle of
 * one (a frozen machine) must not keep a pause or the next worker waiting for longer than this; and what waits for a long rebuild
 * in the other pool must not keep messages waiting.
 */
@Injectable()
export class SenderDatabase extends Database {
  constructor(url: string) {
    super(url, { max: 8, name: 'rapport-sender', statementTimeoutMs: 30_000, idleInTransactionTimeoutMs: 5_000 }, logLoss);
  }
}

@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly api: ApiDatabase,
    private readonly planner: PlannerDatabase,
    private readonly worker: WorkerDatabase,
    private readonly sender: SenderDatabase,
  ) {}

  static forUrl(url: string): DynamicModule {
    const pools = [ApiDatabase, PlannerDatabase, WorkerDatabase, SenderDatabase];
    return {
      module: DatabaseModule,
      providers: pools.map((pool) => ({ provide: pool, useFactory: () => new pool(url) })),
      exports: pools,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.api.close(), this.planner.close(), this.worker.close(), this.sender.close()]);
  }
}
