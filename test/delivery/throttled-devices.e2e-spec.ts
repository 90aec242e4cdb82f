import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPace, reservePace } from '../../src/delivery/delivery.store.js';
import { paceSpacingMs } from '../../src/platform/time/index.js';
import { SystemClock } from '../../src/platform/clock/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { startGateways, type Gateways } from '../support/gateways.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const log = join(mkdtempSync(join(tmpdir(), 'rapport-throttled-')), 'log.jsonl');
let gateways: Gateways;
let t: TestApp;
beforeAll(async () => {
  gateways = await startGateways({ log });
  const env = { FCM_PROJECT_ID: 'demo-throttled', FCM_ENDPOINT: gateways.fcmUrl };
  t = await startTestApp({ env, clock: new SystemClock() as never });
  await prepareCatalogue(t);
});
afterAll(async () => {
  await t?.close();
  await gateways?.stop();
});
beforeEach(() => t.db.transaction((tx) => tx.raw('truncate users, campaigns, deliveries, chunks, slices cascade')));

interface Request {
  /** To a device of this user. */
  user: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Decides a campaign for everybody; nobody has been sent to. */
async function decided(throttlePerMinute: number): Promise<void> {
  await launch(t, await createCampaign(t, { throttlePerMinute }));
  await t.loop('planner');
}

/** Sends until nothing is queued. @returns the requests that the gateway has got since, in their order. */
async function sent(): Promise<Request[]> {
  const known = await lines();
  while ((await t.db.raw(`select from deliveries where state = 'queued' limit 1`)).length > 0) await t.loop('sender');
  return (await lines()).slice(known.length);
}

async function lines(): Promise<Request[]> {
  if ((await gateways.totals()).totals.push.requests === 0) return [];
  return readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { kind: string; address: string; at: string })
    .filter(({ kind }) => kind === 'request').map(({ address, at }) => ({ user: /token-(\w+-\d+)/.exec(address)![1]!, at: Date.parse(at) }));
}

describe('of a slice that has more devices than the throttle has room for', () => {
  it('whole messages go, and the others with the next claim: nobody twice, nobody half, in no chunk of their own', async () => {
    // 93 a minute have room for four requests in two seconds.
    await insertReachableUsers(t.db, 6, 'p', new Date(), [3, 1, 2, 2, 1, 2]);
    await decided(93);
    // Found by the claim, in front of a message and behind one that is trimmed.
    await t.db.raw(`delete from devices where user_id in (select id from users where user_id in ('p-1', 'p-4'))`);
    const requests = await sent();
    expect(requests.map(({ user }) => user).sort()).toEqual(['p-0', 'p-0', 'p-0', 'p-2', 'p-2', 'p-3', 'p-3', 'p-5', 'p-5']);
    expect(await t.db.raw(`select size from slices order by id`)).toEqual([{ size: 2 }, { size: 3 }, { size: 1 }]);
    expect(await t.db.raw(`select state, coalesce(reason::text, '') as reason, count(*)::integer as n from deliveries group by 1, 2 order by 1`))
      .toEqual([{ state: 'sent', reason: '', n: 4 }, { state: 'suppressed', reason: 'no_device', n: 2 }]);
    expect(await t.db.raw('select from chunks')).toHaveLength(1);
  });

  it('a message for more devices than there is room for goes to all of them', async () => {
    await insertReachableUsers(t.db, 1, 'p', new Date(), [3]);
    await decided(1);
    const requests = await sent();
    expect(requests).toHaveLength(3);
    expect(requests.at(-1)!.at - requests[0]!.at).toBeLessThan(1_000);
  });
});

it('a claim that was held up lets no request leave before its instant', async () => {
  await insertReachableUsers(t.db, 2, 'p', new Date());
  await decided(60);
  const [{ id }] = await t.db.raw<{ id: string }>('select id from campaigns') as [{ id: string }];
  await t.db.raw(`insert into campaign_pace (campaign_id, next_at) values ($1, clock_timestamp())`, [id]);
  // Another worker reserves, and its commit takes a second and a half.
  let sending: Promise<Request[]>;
  const next = await t.db.transaction(async (tx) => {
    const [row] = await tx.raw<{ next: number }>(
      `update campaign_pace set next_at = clock_timestamp() + interval '2.4 seconds' returning extract(epoch from next_at)::double precision * 1000 as next`);
    sending = sent();
    while ((await t.db.raw(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%campaign_pace%' and pid <> pg_backend_pid()`)).length === 0);
    await tx.raw('select pg_sleep(1.5)');
    return row!.next;
  });
  const requests = await sending!;
  expect(requests[0]!.at).toBeGreaterThanOrEqual(Math.floor(next) - 1);
  expect(requests[1]!.at - next).toBeGreaterThanOrEqual(Math.floor(paceSpacingMs(60)) - 1);
});

describe('of a throttle too slow to reach a user’s devices one after the other', () => {
  const spacingMs = paceSpacingMs(30);
  /** Less than it should be by no more than a late request may take of it. */
  const about = (spacings: number) => spacings * spacingMs - 1_000;

  it('a message leaves for all of them at once, with as much time free before it as after it', async () => {
    await insertReachableUsers(t.db, 4, 'p', new Date(), [1, 1, 3, 1]);
    await decided(30);
    const requests = await sent();
    expect(requests.map(({ user }) => user)).toEqual(['p-0', 'p-1', 'p-2', 'p-2', 'p-2', 'p-3']);
    const gaps = requests.slice(1).map(({ at }, i) => at - requests[i]!.at);
    expect(gaps[0]).toBeGreaterThan(about(1));
    expect(gaps[1]).toBeGreaterThan(about(3));
    expect(gaps[2]! + gaps[3]!).toBeLessThan(500);
    expect(gaps[4]).toBeGreaterThan(about(3));
  });

  it('it has its turn though others of the campaign could go at any time', async () => {
    await insertReachableUsers(t.db, 1, 'pair', new Date(), [2]);
    // In another bucket, and so in another chunk.
    await t.db.raw(`select setval('user_id_seq', (last_value / 16384 + 1) * 16384) from user_id_seq`);
    await insertReachableUsers(t.db, 6, 'single', new Date());
    await decided(30);
    const requests = await sent();
    expect(requests).toHaveLength(8);
    expect(requests.findIndex(({ user }) => user === 'pair-0')).toBeLessThan(3);
  });
});

describe('time that is kept free before a message', () => {
  const SPACING_MS = 60_000;
  let campaignId: string;
  const reserve = async (leadMs: number) => (await t.db.query(reservePace, { campaignId, size: 1, spacingMs: SPACING_MS, leadMs }))[0]?.waitMs;
  const keep = async (leadMs: number) => (await t.db.query(keepPace, { campaignId, leadMs }))[0]!.restMs;
  const nextIn = async (seconds: number) => void (await t.db.raw(`update campaign_pace set next_at = clock_timestamp() + $1 * interval '1 second'`, [seconds]));
  beforeEach(async () => {
    campaignId = await createCampaign(t, {});
    expect(await reserve(0)).toBe(0);
    await nextIn(0);
  });

  it('is none where nothing has left for so long', async () => {
    expect(await reserve(2_500)).toBeUndefined();
    await nextIn(-2);
    expect(await reserve(2_500)).toBeGreaterThan(0);
  });

  it('is kept once, for the longest that asks', async () => {
    expect(await keep(9_000)).toBeLessThanOrEqual(8_000);
    expect(await keep(9_000)).toBeLessThanOrEqual(8_000);
    expect(await keep(4_000)).toBeLessThanOrEqual(8_000);
    expect(await keep(10_000)).toBeGreaterThan(8_000);
  });

  it('belongs to a message that needs it, until five seconds after its turn', async () => {
    await keep(9_000);
    await nextIn(0.5);
    expect(await reserve(0)).toBeUndefined();
    await nextIn(-4);
    expect(await reserve(0)).toBeUndefined();
    expect(await reserve(9_000)).toBe(0);
    await nextIn(0);
    await keep(9_000);
    await nextIn(-5.1);
    expect(await reserve(0)).toBe(0);
  });

  it('ends with the message', async () => {
    await keep(9_000);
    await nextIn(0);
    expect(await reserve(9_000)).toBe(0);
    await nextIn(0);
    expect(await reserve(9_000)).toBeUndefined();
    expect(await reserve(0)).toBe(0);
  });
});
