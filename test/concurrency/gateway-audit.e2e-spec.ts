import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../src/platform/clock/index.js';
import { BucketPass } from '../../src/planning/bucket-pass.js';
import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { startGateways } from '../support/gateways.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const USERS = 20;
const PLANNERS = 16;
/** Each holds four planners: as many connections as a planner's pool has. */
const PROCESSES = 4;
const LIMIT = 2;

interface Storm {
  windowMs: number;
  rounds: number;
  /** How long all planners go on freely after they have met. */
  freelyMs: number;
}

// A round outlasts the window, however fast the passes are, so that each has slots of its own to fill.
const HALF_A_SECOND: Storm = { windowMs: 500, rounds: 8, freelyMs: 1_000 };
// Some three minutes of it: asked for by RAPPORT_AUDIT=minute.
const A_MINUTE: Storm = { windowMs: 60_000, rounds: 40, freelyMs: 3_000 };

/** What of a pass the test holds back or takes out. */
interface OpenedPass {
  lock: (...args: unknown[]) => Promise<boolean>;
  decideStep: (tx: object, ...rest: unknown[]) => Promise<unknown>;
}

interface LogEntry {
  kind: 'request' | 'accept';
  address: string;
  monotonicMs: number;
}

interface Audit {
  messages: number;
  breaches: number;
}

/**
 * Sliding windows in which a user got more than the limit: lead(at, K) of the gateway's accepts, user by user, closer than the
 * window. Between the provider's answer and its settlement the window only grows, so not even one may be found.
 */
function audit(log: string, windowMs: number): Audit {
  const accepts = readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as LogEntry).filter(({ kind }) => kind === 'accept');
  const byUser = new Map<string, LogEntry[]>();
  for (const entry of accepts) byUser.set(entry.address, [...(byUser.get(entry.address) ?? []), entry]);
  let breaches = 0;
  for (const own of byUser.values()) {
    own.forEach(({ monotonicMs }, i) => {
      const lead = own[i + LIMIT];
      if (lead && lead.monotonicMs - monotonicMs < windowMs) breaches++;
    });
  }
  return { messages: accepts.length, breaches };
}

/** Where passes wait with their first wave decided and not committed, until all who could get so far have. */
class Barrier {
  private readonly waiting = new WeakSet<object>();
  private opened!: () => void;
  private readonly open = new Promise<void>((resolve) => (this.opened = resolve));
  private arrived: () => void = () => undefined;

  /** Resolves when the next pass stands here. */
  nextArrival(): Promise<void> {
    return new Promise((resolve) => (this.arrived = resolve));
  }

  async pass(tx: object): Promise<void> {
    if (this.waiting.has(tx)) return;
    this.waiting.add(tx);
    this.arrived();
    await this.open;
  }

  lift(): void {
    this.opened();
  }
}

/**
 * Campaigns of rising priority, far in the future as yet; one in four is throttled, one in three (if `deferring`) waits where it is held.
 * @returns their waves, lowest priority first.
 */
async function campaignsToCome(t: TestApp, count: number, deferring: boolean): Promise<string[]> {
  const id = await createCampaign(t, { expiresAfter: 'PT10S', schedule: { type: 'at', at: '2099-01-01T00:00:00Z' } });
  await launch(t, id);
  await t.db.raw(`select ensure_month_partition('deliveries', date_trunc('month', now() at time zone 'UTC')::date)`);
  const made = await t.db.raw<{ id: string }>(
    `with made as (
       insert into campaigns (name, status, channel, transactional, topic_id, priority, definition, salt, launched_at)
       select 'C' || n, 'running', c.channel, false, c.topic_id, n % $3::integer, c.definition || jsonb_build_object('priority', n % $3::integer)
         || case when n % 4 = 0 then '{"throttlePerMinute": 3000}' else '{}' end::jsonb || case when $4 and n % 3 = 0 then '{"onFatigue": "defer"}' else '{}' end::jsonb,
         'salt' || n, now()
       from campaigns c, generate_series(0, $2::integer - 1) n where c.id = $1 order by n returning id),
     runs as (
       insert into runs (campaign_id, scheduled_for, month, expires_at)
       select m.id, '2099-01-01', date_trunc('month', now() at time zone 'UTC')::date, '2099-01-02' from made m order by m.id
       returning id, campaign_id)
     insert into waves (run_id, campaign_id, due_at, expires_at) select id, campaign_id, '2099-01-01', '2099-01-02' from runs order by campaign_id returning id`,
    [id, count, PLANNERS, deferring]);
  return made.map((wave) => wave.id);
}

/**
 * Rounds of sixteen planners over the same users while a slow gateway sends and a throttle delays. In each round the i-th planner begins
 * when the i-th campaign has fallen due, which ranks before all that the others have decided and not yet committed: the one moment at
 * which only the lock keeps them from counting what is not there to be counted. Then all of them go on as they like.
 */
class Rounds {
  private barrier = new Barrier();

  constructor(private readonly apps: readonly TestApp[], private readonly locked: boolean) {
    for (const app of apps) {
      const pass = app.app.get(BucketPass) as unknown as OpenedPass;
      const decideStep = pass.decideStep.bind(pass);
      pass.decideStep = async (tx, ...rest) => {
        const decided = await decideStep(tx, ...rest);
        await this.barrier.pass(tx);
        return decided;
      };
      if (!this.locked) pass.lock = async () => true;
    }
  }

  async run(waves: readonly string[], freelyMs: number): Promise<void> {
    this.barrier = new Barrier();
    const passes: Promise<void>[] = [];
    for (const [i, wave] of waves.entries()) {
      await this.fallDue(wave);
      const arrival = this.barrier.nextArrival();
      const pass = this.plan(i);
      passes.push(pass);
      await Promise.race([pass, arrival]);
    }
    this.barrier.lift();
    await Promise.all(passes);
    const until = performance.now() + freelyMs;
    await Promise.all(waves.map(async (_, i) => {
      while (performance.now() < until) await this.plan(i);
    }));
    await this.apps[0]!.loop('planner');
  }

  /** A planner that finds the bucket busy, or falls to a deadlock that the missing lock made, comes again. */
  private async plan(i: number): Promise<void> {
    await this.apps[i % this.apps.length]!.app.get(BucketPass).run(0).catch(() => undefined);
  }

  private async fallDue(wave: string): Promise<void> {
    await this.apps[0]!.db.raw(
      `with due as (update waves set due_at = clock_timestamp(), expires_at = clock_timestamp() + interval '10 seconds' where id = $1 returning run_id, due_at, expires_at)
       update runs as r set scheduled_for = due.due_at, expires_at = due.expires_at from due where r.id = due.run_id`, [wave]);
  }
}

async function storm({ windowMs, rounds, freelyMs }: Storm, locked: boolean): Promise<Audit> {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-audit-'));
  const log = join(folder, 'log.jsonl');
  const gateways = await startGateways({ log, latencyMs: 120 });
  const options = { env: { FCM_PROJECT_ID: 'demo-audit', FCM_ENDPOINT: gateways.fcmUrl }, clock: new SystemClock() as never };
  const apps = [await startTestApp(options)];
  try {
    const [first] = apps as [TestApp];
    while (apps.length < PROCESSES) apps.push(await startTestApp({ ...options, databaseUrl: first.databaseUrl }));
    await prepareCatalogue(first);
    await insertReachableUsers(first.db, USERS, 'p', new Date());
    await putPolicy(first, { caps: [{ key: 'short', channel: 'push', limit: LIMIT, window: { type: 'rolling', duration: `PT${windowMs / 1_000}S` } }] });
    // Without the lock two passes over one deferred row would wait for each other instead of running past each other.
    const waves = await campaignsToCome(first, rounds * PLANNERS, locked);
    const planning = new Rounds(apps, locked);
    let going = true;
    const sending = apps.map(async (app) => {
      while (going) await app.loop('sender');
    });
    for (let round = 0; round < rounds; round++) await planning.run(waves.slice(round * PLANNERS, (round + 1) * PLANNERS), freelyMs);
    going = false;
    await Promise.all(sending);
    return audit(log, windowMs);
  } finally {
    for (const app of apps.reverse()) await app.close();
    await gateways.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe(`the gateway’s log of ${USERS} users, ${PLANNERS} planners, a slow gateway and a throttle`, () => {
  it('holds no breach of a cap over half a second', async () => {
    const { messages, breaches } = await storm(HALF_A_SECOND, true);
    expect(messages).toBeGreaterThan(USERS * LIMIT * (HALF_A_SECOND.rounds / 2));
    expect(breaches).toBe(0);
  }, 180_000);

  it('holds hundreds when the lock is taken out, so the test above can fail', async () => {
    const { breaches } = await storm({ ...HALF_A_SECOND, rounds: 3 }, false);
    expect(breaches).toBeGreaterThan(200);
  }, 180_000);

  (process.env.RAPPORT_AUDIT === 'minute' ? describe : describe.skip)('over minutes', () => {
    it('holds no breach of a cap over 60 s', async () => {
      const { messages, breaches } = await storm(A_MINUTE, true);
      console.log(`${messages} messages, ${breaches} breaches`);
      expect(messages).toBeGreaterThan(USERS * LIMIT * 2);
      expect(breaches).toBe(0);
    }, 600_000);

    it('holds hundreds when the lock is taken out', async () => {
      const { messages, breaches } = await storm({ ...A_MINUTE, rounds: 3 }, false);
      console.log(`${messages} messages, ${breaches} breaches`);
      expect(breaches).toBeGreaterThan(200);
    }, 600_000);
  });
});
