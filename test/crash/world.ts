import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { SystemClock } from '../../src/platform/clock/index.js';
import { MessageIds } from '../../src/planning/index.js';
import { prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import type { FakeClock } from '../support/fake-clock.js';
import { startGateways, type GatewayOptions, type Gateways } from '../support/gateways.js';
import { TestProcess } from '../support/processes.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { LogEntry } from './history.js';
import { readHistory, readLog, RECORD_TRANSITIONS, type History } from './history-reader.js';
import { OwnRedis } from './own-redis.js';

export interface WorldOptions {
  users: number;
  /** Environment of every worker on top of the short leases. */
  env?: Record<string, string>;
  gateway?: GatewayOptions;
  /** The leases of production instead of 1.5 s: for runs without faults on a busy machine. */
  longLeases?: boolean;
  /** A migrated database of the test's own, which it may crash. */
  databaseUrl?: string;
}

export interface ApiServer {
  process: TestProcess;
  url: string;
}

/** What one worker can have in flight: five places (four and the fast one), a slice each. */
export const IN_FLIGHT = 500;

const READY = /Rapport is ready at (\S+)/;
/** For a process to start, on a machine that has many other things to do. */
const START_MS = 180_000;
const SHORT_LEASES = { CHUNK_LEASE_MS: '1500', SLICE_LEASE_MS: '1500', REQUEST_TIMEOUT_MS: '1000' };

/** One installation under fault: its API in this process, its workers as the processes of production, its provider outside both. */
export class World {
  readonly workers = new Set<TestProcess>();
  private readonly servers = new Set<TestProcess>();
  readonly folder = mkdtempSync(join(tmpdir(), 'rapport-crash-'));
  readonly logFile = join(this.folder, 'gateway.jsonl');
  readonly redis = new OwnRedis();
  api!: TestApp;
  gateways!: Gateways;
  /** Faults that could leave messages in doubt; the bound on `unknown` is so many times what a worker has in flight. */
  faults = 0;

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.begin();
    return world;
  }

  private constructor(private readonly options: WorldOptions) {}

  private async begin(): Promise<void> {
    await this.redis.start();
    this.gateways = await startGateways({ log: this.logFile, fsync: true, ...this.options.gateway });
    const clock = new SystemClock() as unknown as FakeClock;
    const { databaseUrl } = this.options;
    this.api = await startTestApp({ clock, redisUrl: this.redis.url, env: { ROLE: 'api' }, ...(databaseUrl ? { databaseUrl } : {}) });
    await this.api.db.raw(RECORD_TRANSITIONS);
    await prepareCatalogue(this.api);
    await insertReachableUsers(this.api.db, this.options.users, 'u', new Date());
  }

  /** Starts a worker; resolves when it is at work, or has died of its fault before that. */
  async worker(env: Record<string, string> = {}, nodeFlags: string[] = []): Promise<TestProcess> {
    const leases = this.options.longLeases ? {} : SHORT_LEASES;
    const worker = this.start({ ROLE: 'worker', ...leases, ...this.options.env, ...env }, nodeFlags);
    this.workers.add(worker);
    void worker.exited.then(() => this.workers.delete(worker), () => undefined);
    await Promise.race([worker.waitForLine(READY, START_MS), worker.exited]);
    return worker;
  }

  /** Starts a worker whose output goes to a file; nobody hears when it is ready. */
  muteWorker(file: string, env: Record<string, string> = {}): TestProcess {
    const worker = this.start({ ROLE: 'worker', ...env }, [], file);
    this.workers.add(worker);
    void worker.exited.then(() => this.workers.delete(worker), () => undefined);
    return worker;
  }

  /** Starts a process that serves the API alone, beside the one inside the test. */
  async server(env: Record<string, string> = {}): Promise<ApiServer> {
    const process = this.start({ ROLE: 'api', ...env });
    this.servers.add(process);
    const [, url] = await process.waitForLine(READY, START_MS);
    return { process, url: url!.replace('localhost', '127.0.0.1') };
  }

  private start(env: Record<string, string>, nodeFlags: string[] = [], output?: string): TestProcess {
    const program = [process.execPath, '--disable-warning=ExperimentalWarning', ...nodeFlags, 'dist/src/main.js'];
    const [command, ...args] = output === undefined ? program : ['/bin/sh', '-c', `exec "$0" "$@" > ${output} 2>&1`, ...program];
    return new TestProcess(command!, args, {
      env: {
        NODE_ENV: 'test', PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ADMIN_API_KEY: this.api.adminKey,
        DATABASE_URL: this.api.databaseUrl, REDIS_URL: this.redis.url, FCM_ENDPOINT: this.gateways.fcmUrl, SMTP_URL: this.gateways.smtpUrl, ...env,
      },
    });
  }

  /** Polls until `done` holds. @throws after `ms` with what the workers said. */
  async until(what: string, ms: number, done: () => Promise<boolean>): Promise<number> {
    const began = performance.now();
    while (!(await done().catch(() => false))) {
      if (performance.now() - began > ms) {
        const said = [...this.workers].map((w) => w.output.slice(-2_000)).join('\n---\n');
        throw new Error(`${what}: not after ${ms} ms\n${JSON.stringify(await this.states())}\n${said}`);
      }
      await rest(50);
    }
    return performance.now() - began;
  }

  /** Until nothing is queued, deferred or on its way and every launched campaign is over. @returns milliseconds */
  drained(ms = 60_000): Promise<number> {
    return this.until('drained', ms, async () => !(await this.open()));
  }

  /** Whether something is still to be done. */
  async open(): Promise<boolean> {
    const [row] = await this.api.db.raw<{ open: boolean }>(
      `select exists (select from campaigns where status in ('scheduled', 'running'))
         or exists (select from deliveries where state in ('queued', 'deferred') and campaign_id in (select id from campaigns where status <> 'paused'))
         or exists (select from slices where closed_at is null) as open`);
    return row!.open;
  }

  async states(): Promise<Record<string, number>> {
    const rows = await this.api.db.raw<{ state: string; n: number }>(
      `select coalesce(d.state || coalesce(' ' || d.reason, ''), '?') as state, count(*)::integer as n from deliveries as d group by 1 order by 1`);
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  log(): LogEntry[] {
    return readLog(this.logFile);
  }

  async accepts(): Promise<number> {
    const { totals } = await this.gateways.totals();
    return totals.push.accepts + totals.email.accepts;
  }

  history(): Promise<History> {
    return readHistory(this.api.db, this.api.app.get(MessageIds), this.logFile);
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers, ...this.servers].map((one) => one.end()));
    await this.gateways?.stop();
    await this.api?.close();
    await this.redis.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
