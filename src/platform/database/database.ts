import pg from 'pg';
import { failpoint } from '../failpoints/index.js';
import type { SqlFile } from './sql-file.js';
import { isConnectionLoss, isSerializationConflict } from './pg-errors.js';
import { UnitOfWork } from './unit-of-work.js';

/** Whatever can run a statement: the pool, or the one connection of an open transaction. */
export interface Queryable {
  query<P extends object, R>(statement: SqlFile<P, R>, params: P): Promise<R[]>;
  /** For text composed at run time (segment predicates); values only ever as parameters. */
  raw<R>(text: string, params?: readonly unknown[]): Promise<R[]>;
}

export interface Transaction extends Queryable {
  readonly client: pg.PoolClient;
  /** As raw, for a statement that changes rows. @returns how many */
  change(text: string, params?: readonly unknown[]): Promise<number>;
}

export interface PoolOptions {
  max: number;
  /** Name shown in pg_stat_activity. */
  name: string;
  statementTimeoutMs?: number;
  idleInTransactionTimeoutMs?: number;
}

const MAX_ATTEMPTS = 5;
/** For the server's answer to a statement that it must have cut short. Probes do not help where what we sent is itself unacknowledged. */
const ANSWER_MS = 5_000;

/**
 * A pool with typed statements and transactions. Several exist side by side (API, planner, worker), so that a busy planner
 * never takes the API's connections.
 */
export class Database implements Queryable {
  /** Statements that this process has sent since its start, BEGIN and COMMIT among them. */
  static statements = 0;
  readonly pool: pg.Pool;
  private readonly statementTimeoutMs: number;
  private closing = false;

  constructor(
    readonly url: string,
    options: PoolOptions,
    onError: (error: Error) => void,
  ) {
    this.statementTimeoutMs = options.statementTimeoutMs ?? 0;
    const guc: string[] = ['-c TimeZone=UTC'];
    if (options.statementTimeoutMs) guc.push(`-c statement_timeout=${options.statementTimeoutMs}`);
    if (options.idleInTransactionTimeoutMs) {
      guc.push(`-c idle_in_transaction_session_timeout=${options.idleInTransactionTimeoutMs}`);
    }
    this.pool = new pg.Pool({
      connectionString: url,
      max: options.max,
      application_name: options.name,
      options: guc.join(' '),
      connectionTimeoutMillis: 10_000,
      // A network that swallows everything tells nobody: Node probes ten times, one second apart, and then gives the peer up.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    // Without a listener a server restart (57P01) would end the process. While closing, a server that stops sooner than our
    // good-byes arrive is no news.
    this.pool.on('error', (error) => this.closing || onError(error));
    // The pool listens to idle connections only. One that is lent out and waits (between two fetches of an export; between the packet
    // that opened it and the first statement) may be ended by the server too (57P01, 25P03): the next statement on it says so.
    this.pool.on('connect', (client) => void client.on('error', () => undefined));
  }

  /** A statement on its own is a transaction on its own, and a fault test may name its COMMIT like any other's. */
  async query<P extends object, R>(statement: SqlFile<P, R>, params: P): Promise<R[]> {
    const unit = UnitOfWork.of(this.url);
    if (unit) return unit.statement(this.statementTimeoutMs, (tx) => tx.query(statement, params));
    failpoint(`committing/${statement.name}`);
    const rows = await runStatement(this.pool, statement, params, this.statementTimeoutMs);
    failpoint(`committed/${statement.name}`);
    return rows;
  }

  async raw<R>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const unit = UnitOfWork.of(this.url);
    if (unit) return unit.statement(this.statementTimeoutMs, (tx) => tx.raw<R>(text, params));
    return (await runText(this.pool, text, params, this.statementTimeoutMs)).rows as R[];
  }

  /**
   * Runs `work` in one READ COMMITTED transaction. A deadlock or serialisation failure starts a *new* transaction, at most
   * five times: retrying inside the aborted one could only fail (25P02). `work` must have no effect outside the database.
   * Within a unit of work it is a part of that one, and a conflict ends the whole: only all of it can begin anew.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const unit = UnitOfWork.of(this.url);
    if (unit) return unit.part(this.statementTimeoutMs, work);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isSerializationConflict(error)) throw error;
      }
    }
  }

  /**
   * Runs `work` as a unit: one transaction that every statement and transaction of its callees joins. Repeated as a whole like any
   * transaction, so `work` must bear that.
   */
  async unitOfWork<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    let unit: UnitOfWork | undefined;
    const result = await this.transaction((tx) => {
      unit = new UnitOfWork(this.url, tx, this.statementTimeoutMs, (timeoutMs) => transactionOn(tx.client, timeoutMs));
      return work(unit);
    });
    unit!.committed();
    return result;
  }

  private async once<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    let last = 'nothing';
    try {
      await runText(client, 'begin', [], this.statementTimeoutMs);
      const result = await work(transactionOn(client, this.statementTimeoutMs, (name) => (last = name)));
      // Named after the transaction's last statement, so that a fault test can say which COMMIT it means.
      failpoint(`committing/${last}`);
      await runText(client, 'commit', [], this.statementTimeoutMs);
      failpoint(`committed/${last}`);
      return result;
    } catch (error) {
      if (isConnectionLoss(error)) broken = error as Error;
      else await client.query('rollback').catch((e: Error) => (broken = e));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.pool.end();
  }
}

/** Runs a statement between the two points at which the loop of faults (fail query 1, 2, 3, …) strikes. */
async function faulty<T>(run: () => Promise<T>): Promise<T> {
  failpoint('query.before');
  Database.statements++;
  const result = await run();
  failpoint('query.after');
  return result;
}

function transactionOn(client: pg.PoolClient, timeoutMs: number, ran: (statement: string) => void = () => undefined): Transaction {
  return {
    client,
    query: (statement, params) => {
      ran(statement.name);
      return runStatement(client, statement, params, timeoutMs);
    },
    raw: async <R>(text: string, params: readonly unknown[] = []) => (await runText(client, text, params, timeoutMs)).rows as R[],
    change: async (text, params = []) => (await runText(client, text, params, timeoutMs)).rowCount ?? 0,
  };
}

function runText<R extends pg.QueryResultRow>(
  on: pg.Pool | pg.PoolClient, text: string, params: readonly unknown[], timeoutMs: number,
): Promise<pg.QueryResult<R>> {
  return faulty(() => on.query<R>({ text, values: [...params], ...patience(timeoutMs) }));
}

/** @param timeoutMs what the server gives the statement; 0 is as long as it takes */
function patience(timeoutMs: number): object {
  return timeoutMs > 0 ? { query_timeout: timeoutMs + ANSWER_MS } : {};
}

async function runStatement<P extends object, R>(
  on: pg.Pool | pg.PoolClient,
  statement: SqlFile<P, R>,
  params: P,
  timeoutMs: number,
): Promise<R[]> {
  const given = params as Record<string, unknown>;
  const values = statement.params.map((name) => {
    if (!(name in given)) throw new Error(`${statement.name}: parameter ${name} is missing`);
    return given[name] ?? null;
  });
  const result = await faulty(() => on.query({ name: statement.name, text: statement.text, values, ...patience(timeoutMs) }));
  return result.rows as R[];
}
