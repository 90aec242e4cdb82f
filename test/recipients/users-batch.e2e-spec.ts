import type { TestApp } from '../support/test-app.js';
import { callerOf, deadlocksOf, pathsOf, startRecipients } from './start.js';

let app: TestApp;
let ingest: ReturnType<typeof callerOf>;
let analyst: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  ingest = callerOf(app, 'ingest');
  analyst = callerOf(app, 'analyst');
});
afterAll(() => app.close());

const store = (...users: object[]) => ingest('post', '/v1/users/batch', { users });
const profile = async (userId: string) => (await analyst('get', `/v1/users/${encodeURIComponent(userId)}`)).body;

describe('merging', () => {
  it('keeps what is absent, clears what is null, merges attributes by top-level key', async () => {
    await store({
      userId: 'merge', email: 'Merge@Example.com', timezone: 'Europe/Berlin', locale: 'de', createdAt: '2020-01-01T00:00:00Z',
      attributes: { plan: 'gold', nested: { a: 1, b: 2 }, age: 30 },
    });
    const answer = await store({ userId: 'merge', locale: null, attributes: { nested: { c: 3 }, age: null, city: 'Wien' } });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1, rejected: [] } });
    expect(await profile('merge')).toMatchObject({
      userId: 'merge', email: 'Merge@Example.com', timezone: 'Europe/Berlin', locale: null, createdAt: '2020-01-01T00:00:00.000Z',
      attributes: { plan: 'gold', nested: { c: 3 }, city: 'Wien' },
    });
    await store({ userId: 'merge', email: null, attributes: null });
    const cleared = await profile('merge');
    expect(cleared).toMatchObject({ email: null, attributes: {}, timezone: 'Europe/Berlin' });
    expect((await analyst('get', '/v1/users?email=merge@example.com')).body.data).toEqual([]);
  });

  it('gives the same for rows in one batch as for rows one after the other', async () => {
    const rows = [
      { email: 'one@example.com', attributes: { a: 1, b: 1 } }, { attributes: null }, { attributes: { b: 2, c: 2 }, timezone: 'UTC' },
      { email: 'two@example.com', timezone: null, attributes: { c: null, d: 4 } },
    ];
    await store(...rows.map((row) => ({ userId: 'together', ...row })));
    for (const row of rows) await store({ userId: 'apart', ...row });
    const { email, timezone, attributes } = await profile('together');
    expect({ email, timezone, attributes }).toEqual({ email: 'two@example.com', timezone: null, attributes: { b: 2, d: 4 } });
    expect(await profile('apart')).toMatchObject({ email, timezone, attributes });
  });

  it('adds devices and subscriptions and never removes them', async () => {
    await store({ userId: 'adds', devices: [{ token: 'adds-1', platform: 'ios', appVersion: '1' }], subscriptions: [{ channel: 'email', topic: 'promo', state: 'subscribed' }] });
    await store({ userId: 'adds', devices: [{ token: 'adds-2', platform: 'web' }], subscriptions: [{ channel: 'push', state: 'unsubscribed', source: 'import' }] });
    await store({ userId: 'adds', devices: [], subscriptions: [] });
    const { devices, subscriptions } = await profile('adds');
    expect(devices.map((d: { platform: string }) => d.platform).sort()).toEqual(['ios', 'web']);
    expect(subscriptions).toEqual([
      { channel: 'push', state: 'unsubscribed', occurredAt: expect.any(String), source: 'import' },
      { channel: 'email', topic: 'promo', state: 'subscribed', occurredAt: expect.any(String) },
    ]);
  });

  it('never turns unsubscribed into subscribed, whatever the time it claims', async () => {
    await ingest('put', '/v1/users/out/subscriptions', { channel: 'push', state: 'unsubscribed', occurredAt: '2020-01-01T00:00:00Z' });
    await store({ userId: 'out', subscriptions: [{ channel: 'push', state: 'subscribed', occurredAt: '2026-03-01T00:00:00Z' }] });
    expect((await profile('out')).subscriptions).toMatchObject([{ state: 'unsubscribed', occurredAt: '2020-01-01T00:00:00.000Z' }]);
    await store(
      { userId: 'out2', subscriptions: [{ channel: 'email', state: 'unsubscribed' }] }, { userId: 'out2', subscriptions: [{ channel: 'email', state: 'subscribed' }] });
    expect((await profile('out2')).subscriptions).toMatchObject([{ state: 'unsubscribed' }]);
  });

  it('logs only true changes, so that a nightly export does not fill the log', async () => {
    const night = { userId: 'nightly', subscriptions: [{ channel: 'push', state: 'subscribed' }] };
    for (let i = 0; i < 3; i++) await store(night);
    const log = await app.db.raw(`select l.state from subscription_log l join users u on u.id = l.user_id where u.user_id = 'nightly'`);
    expect(log).toHaveLength(1);
  });

  it('draws no internal ids for users it knows, so that buckets stay dense', async () => {
    await store({ userId: 'dense-0' });
    const users = Array.from({ length: 200 }, (_, i) => ({ userId: `dense-${i}` }));
    for (let i = 0; i < 3; i++) await store(...users);
    const [row] = await app.db.raw<{ span: number; n: number }>(
      `select (max(id) - min(id) + 1)::int as span, count(*)::int as n from users where user_id like 'dense-%'`);
    expect(row).toEqual({ span: 200, n: 200 });
  });
});

describe('a bad row', () => {
  it('is rejected with its place, its field and the reason, and costs no other row', async () => {
    const answer = await store(
      { userId: 'good-1' }, { userId: 'bad-1', timezone: 'Mars/Olympus' }, { userId: '' }, 'nonsense' as never, { userId: 'bad-2', email: 'x' },
      { userId: 'bad-3', devices: [{ token: 'ok', platform: 'ios' }, { token: 'f'.repeat(64), platform: 'ios' }] }, { userId: 'bad-4', attributes: { a: '\0' } },
      { userId: 'bad-5', attributes: JSON.parse('{"__proto__": 1}') }, { userId: 'bad-6', attributes: { s: '\udc00' } }, { userId: 'good-2', timezone: 'UTC' });
    expect(answer.status).toBe(200);
    expect(answer.body.accepted).toBe(2);
    expect(answer.body.rejected.map((r: { index: number; path?: string }) => [r.index, r.path])).toEqual([
      [1, 'timezone'], [2, 'userId'], [3, undefined], [4, 'email'], [5, 'devices[1].token'], [6, 'attributes.a'], [7, 'attributes'], [8, 'attributes.s'],
    ]);
    for (const { message } of answer.body.rejected) expect(message.length).toBeGreaterThan(5);
    const known = await app.db.raw<{ user_id: string }>(`select user_id from users where user_id like 'bad-%' or user_id like 'good-%' order by 1`);
    expect(known.map((u) => u.user_id)).toEqual(['good-1', 'good-2']);
  });

  it('whose attributes are too much only together with the stored ones is rejected alone, and the stored stay', async () => {
    const keys = (from: number, to: number) => Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`k${from + i}`, i]));
    await store({ userId: 'full', attributes: keys(0, 90) });
    const answer = await store(
      { userId: 'full', attributes: keys(90, 100) }, { userId: 'full', timezone: 'UTC', attributes: keys(100, 101) }, { userId: 'beside', attributes: { a: 1 } });
    expect(answer.body).toMatchObject({ accepted: 2, rejected: [{ index: 1, path: 'attributes' }] });
    const stored = await profile('full');
    expect(Object.keys(stored.attributes)).toHaveLength(100);
    expect(stored.timezone).toBeNull();
    expect((await profile('beside')).attributes).toEqual({ a: 1 });
    expect((await store({ userId: 'full', attributes: { k0: null, fresh: 1 } })).body.accepted).toBe(1);
    const big = await store({ userId: 'big', attributes: { a: 'x'.repeat(20_000) } }, { userId: 'big', attributes: { b: 'x'.repeat(20_000) } });
    expect(big.body).toMatchObject({ accepted: 1, rejected: [{ index: 1, path: 'attributes' }] });
  });
});

describe('the envelope', () => {
  it.each([
    [{}, 'users'], [{ users: {} }, 'users'], [{ users: null }, 'users'], [[], 'users'], [{ users: [], more: 1 }, 'more'],
    [{ users: Array.from({ length: 1001 }, (_, i) => ({ userId: `e${i}` })) }, 'users'],
  ])('%#: is a 400 that names the field', async (body, path) => {
    expect(pathsOf(await ingest('post', '/v1/users/batch', body))).toContain(path);
  });

  it('of a thousand rows is taken', async () => {
    const users = Array.from({ length: 1000 }, (_, i) => ({
      userId: `thousand-${i}`, email: `t${i}@example.com`, timezone: 'Europe/Berlin', attributes: { i }, devices: [{ token: `thousand-token-${i}`, platform: 'android' }],
    }));
    expect((await ingest('post', '/v1/users/batch', { users })).body).toEqual({ accepted: 1000, rejected: [] });
  });
});

describe('finding users', () => {
  it('finds everybody with an address, in any spelling of it', async () => {
    await store({ userId: 'twin-1', email: 'Twin@Example.com' }, { userId: 'twin-2', email: 'twin@example.COM' });
    const page = await analyst('get', '/v1/users?limit=1&email=TWIN@example.com');
    expect(page.body.data.map((u: { userId: string }) => u.userId)).toEqual(['twin-1']);
    const rest = await analyst('get', `/v1/users?limit=1&email=twin@example.com&cursor=${page.body.nextCursor}`);
    expect(rest.body).toMatchObject({ data: [{ userId: 'twin-2' }], nextCursor: null });
  });

  it('shows profile, masked devices, subscriptions, scores and segments', async () => {
    await store({ userId: 'a/b ü', email: 'slash@example.com', devices: [{ token: 'a-long-registration-token', platform: 'android', timezone: 'Asia/Tokyo', locale: 'ja' }] });
    const shown = await profile('a/b ü');
    expect(shown).toMatchObject({
      userId: 'a/b ü', email: 'slash@example.com', timezone: null, deviceTimezone: 'Asia/Tokyo', deviceLocale: 'ja', lastSeenAt: app.clock.now().toISOString(),
      devices: [{ token: '…-token', platform: 'android' }], subscriptions: [], scores: null, segments: [],
    });
    expect(JSON.stringify(shown)).not.toContain('a-long-registration');
    await app.db.raw(`insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, as_of)
      select id, 5, 4, 3, 'champions', now(), 2, 10, '2026-03-01T00:00:00Z' from users where user_id = 'a/b ü'`);
    await app.db.raw(`with s as (insert into segments (key, name, static) values ('vip', 'VIP', true) returning id)
      insert into segment_members select s.id, u.id, '2026-03-01T00:00:00Z' from s, users u where u.user_id = 'a/b ü'`);
    expect(await profile('a/b ü')).toMatchObject({
      scores: { rfm: { recency: 5, frequency: 4, monetary: 3, group: 'champions' }, value: null, asOf: '2026-03-01T00:00:00.000Z' },
      segments: [{ key: 'vip', name: 'VIP', enteredAt: '2026-03-01T00:00:00.000Z' }],
    });
  });

  it('pages through all of them without loss or repetition', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await analyst('get', `/v1/users?limit=200${cursor}`);
      seen.push(...body.data.map((u: { userId: string }) => u.userId));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    const [row] = await app.db.raw<{ n: number }>('select count(*)::int as n from users');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(row!.n);
  });

  it('answers 404 for nobody, 403 to those who may not look', async () => {
    expect((await analyst('get', '/v1/users/nobody')).status).toBe(404);
    for (const scope of ['ingest', 'app'] as const) expect((await callerOf(app, scope)('get', '/v1/users/merge')).status).toBe(403);
    for (const scope of ['marketer', 'analyst', 'app'] as const) expect((await callerOf(app, scope)('post', '/v1/users/batch', { users: 'x' })).status).toBe(403);
  });
});

it.each(['profiles', 'devices'])('eight and eight batches of the same users with %s, in opposite order and at the same time, all succeed', async (kind) => {
  // Enough others that the planner reaches users one by one, in the order of the batch: the order that deadlocks.
  await app.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'other-' || $1 || i, now() from generate_series(1, 20000) as i`, [kind]);
  await app.db.raw('analyze users');
  const common = Array.from({ length: 300 }, (_, i) => i);
  const batch = (order: number[], n: number) => order.map((i) => ({
    userId: `common-${i}`, attributes: { last: n }, ...(kind === 'profiles' ? {} : {
      devices: [{ token: `common-token-${(i + n) % 300}`, platform: 'ios', timezone: n % 2 ? 'UTC' : 'Asia/Tokyo' }],
      subscriptions: [{ channel: 'push', state: n % 2 ? 'subscribed' : 'unsubscribed' }, { channel: 'email', topic: 'promo', state: 'subscribed' }],
    }),
  }));
  const before = await deadlocksOf(app);
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) =>
    ingest('post', '/v1/users/batch', { users: batch(n % 2 ? common : [...common].reverse(), n) })));
  expect(answers.map((a) => a.body)).toEqual(answers.map(() => ({ accepted: 300, rejected: [] })));
  expect(await deadlocksOf(app)).toBe(before);
  const [row] = await app.db.raw<{ users: number; tokens: number }>(`select
    (select count(*)::int from users where user_id like 'common-%') as users, (select count(*)::int from devices where token like 'common-token-%') as tokens`);
  expect(row).toEqual({ users: 300, tokens: kind === 'profiles' ? 0 : 300 });
});
