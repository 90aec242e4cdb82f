import { Consent, Users } from '../../src/recipients/index.js';
import type { TestApp } from '../support/test-app.js';
import { appOf, callerOf, pathsOf, startRecipients } from './start.js';

let app: TestApp;
let ingest: ReturnType<typeof callerOf>;
let marketer: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  ingest = callerOf(app, 'ingest');
  marketer = callerOf(app, 'marketer');
});
afterAll(() => app.close());

const put = (userId: string, wish: object) => ingest('put', `/v1/users/${userId}/subscriptions`, { channel: 'push', ...wish });
const list = async (userId: string) => (await marketer('get', `/v1/users/${userId}/subscriptions`)).body.data;
const log = (userId: string) => app.db.raw<{ state: string; at: string; source: string | null; message_id: string | null }>(
  `select l.state, to_char(l.occurred_at, 'YYYY-MM-DD') as at, l.source, l.message_id
   from subscription_log l join users u on u.id = l.user_id where u.user_id = $1 order by l.id`, [userId]);

describe('subscriptions', () => {
  it('stand for a channel or a topic of it; the user is made if need be', async () => {
    const answer = await put('anna', { state: 'unsubscribed', topic: 'promo', source: 'settings screen' });
    expect(answer).toMatchObject({ status: 200, body: { channel: 'push', topic: 'promo', state: 'unsubscribed', source: 'settings screen', occurredAt: app.clock.now().toISOString() } });
    await put('anna', { state: 'subscribed' });
    await put('anna', { channel: 'email', state: 'subscribed' });
    const stored = await list('anna');
    expect(stored.map((s: { channel: string; topic?: string; state: string }) => [s.channel, s.topic, s.state])).toEqual([
      ['push', undefined, 'subscribed'], ['push', 'promo', 'unsubscribed'], ['email', undefined, 'subscribed'],
    ]);
  });

  it('the latest occurredAt wins, in whatever order they come, and all are logged', async () => {
    await put('ben', { state: 'unsubscribed', occurredAt: '2026-02-02T00:00:00Z' });
    const late = await put('ben', { state: 'subscribed', occurredAt: '2026-02-01T00:00:00Z', source: 'late' });
    expect(late.body).toMatchObject({ state: 'unsubscribed', occurredAt: '2026-02-02T00:00:00.000Z' });
    await put('ben', { state: 'subscribed', occurredAt: '2026-02-03T00:00:00Z', messageId: 'm-1' });
    expect(await list('ben')).toMatchObject([{ state: 'subscribed', occurredAt: '2026-02-03T00:00:00.000Z' }]);
    expect(await log('ben')).toEqual([
      { state: 'unsubscribed', at: '2026-02-02', source: null, message_id: null }, { state: 'subscribed', at: '2026-02-01', source: 'late', message_id: null },
      { state: 'subscribed', at: '2026-02-03', source: null, message_id: 'm-1' },
    ]);
  });

  it('repeated are logged once, and of two at the same instant the later to arrive stands', async () => {
    const wish = { state: 'unsubscribed', occurredAt: '2026-02-02T00:00:00Z' };
    await put('carl', wish);
    await put('carl', wish);
    expect(await log('carl')).toHaveLength(1);
    expect((await put('carl', { ...wish, state: 'subscribed' })).body.state).toBe('subscribed');
  });

  it('from a clock in the future count as now, so that a later wish can still win', async () => {
    const answer = await put('dora', { state: 'unsubscribed', occurredAt: '2099-01-01T00:00:00Z' });
    expect(answer.body).toMatchObject({ state: 'unsubscribed', occurredAt: app.clock.now().toISOString() });
    app.clock.advance({ seconds: 1 });
    expect((await put('dora', { state: 'subscribed' })).body.state).toBe('subscribed');
  });

  it('are a person’s own to read and change', async () => {
    const mine = await appOf(app, 'emil');
    expect((await mine('put', '/v1/users/emil/subscriptions', { channel: 'push', state: 'unsubscribed' })).status).toBe(200);
    expect((await mine('get', '/v1/users/emil/subscriptions')).body).toMatchObject({ data: [{ channel: 'push', state: 'unsubscribed' }], nextCursor: null });
    expect((await mine('get', '/v1/users/anna/subscriptions')).status).toBe(403);
    expect((await mine('put', '/v1/users/anna/subscriptions', { bad: 1 })).status).toBe(403);
    expect((await marketer('put', '/v1/users/emil/subscriptions', { channel: 'push', state: 'subscribed' })).status).toBe(403);
    expect((await marketer('get', '/v1/users/nobody/subscriptions')).status).toBe(404);
  });

  it('malformed are refused with every field named', async () => {
    const answer = await ingest('put', '/v1/users/frida/subscriptions', {
      channel: 'sms', topic: 'No Such Key', state: 'perhaps', occurredAt: 'yesterday', source: '', messageId: 4, extra: 1,
    });
    expect(pathsOf(answer).sort()).toEqual(['channel', 'extra', 'messageId', 'occurredAt', 'source', 'state', 'topic']);
    expect(pathsOf(await ingest('put', '/v1/users/frida/subscriptions', {})).sort()).toEqual(['channel', 'state']);
    expect(pathsOf(await ingest('put', '/v1/users/frida/subscriptions', ['x'] as never))).toEqual(['body']);
    expect(pathsOf(await put('frida', { state: 'subscribed', source: 'a\0' }))).toEqual(['source']);
    expect(pathsOf(await put('x'.repeat(256), { state: 'subscribed' }))).toEqual(['userId']);
    expect((await marketer('get', '/v1/users/frida/subscriptions')).status).toBe(404);
  });

  it('recorded in opposite orders at the same time neither deadlock nor disagree', async () => {
    const consent = app.app.get(Consent, { strict: false });
    const users = app.app.get(Users, { strict: false });
    const names = Array.from({ length: 200 }, (_, i) => `consent-${i}`);
    await Promise.all(Array.from({ length: 16 }, (_, n) => app.db.transaction(async (tx) => {
      const ids = [...(await users.ensure(tx, names, app.clock.now())).values()].sort(() => (n % 2 ? 1 : -1));
      await consent.record(tx, ids.map((userId) => ({
        userId, channel: 'push', topic: '', state: n === 15 ? 'unsubscribed' : 'subscribed', occurredAt: new Date(Date.UTC(2026, 0, 1 + n)), source: null,
      })));
    })));
    const rows = await app.db.raw(`select s.state, count(*)::int as n from subscriptions s join users u on u.id = s.user_id where u.user_id like 'consent-%' group by 1`);
    expect(rows).toEqual([{ state: 'unsubscribed', n: 200 }]);
  });
});

describe('topics', () => {
  it('are put and listed with their names by locale', async () => {
    expect(await marketer('put', '/v1/topics/promo', { name: { en: 'Offers', 'de-at': 'Angebote' } })).toMatchObject({
      status: 200, body: { key: 'promo', name: { en: 'Offers', 'de-AT': 'Angebote' }, listed: true },
    });
    await marketer('put', '/v1/topics/alerts', { name: { en: 'Alerts' }, listed: false });
    expect((await marketer('put', '/v1/topics/promo', { name: { en: 'Deals' } })).body.name).toEqual({ en: 'Deals' });
    const page = await marketer('get', '/v1/topics?limit=1');
    expect(page.body).toEqual({ data: [{ key: 'alerts', name: { en: 'Alerts' }, listed: false }], nextCursor: expect.any(String) });
    expect((await marketer('get', `/v1/topics?cursor=${page.body.nextCursor}`)).body).toMatchObject({ data: [{ key: 'promo' }], nextCursor: null });
  });

  it.each([
    ['promo', {}, 'name'], ['promo', { name: {} }, 'name'], ['promo', { name: { en: '' } }, 'name'], ['promo', { name: { '??': 'x' } }, 'name'],
    ['promo', { name: ['x'] }, 'name'], ['promo', { name: 'x' }, 'name'], ['promo', { name: { en: 'x' }, listed: 'yes' }, 'listed'],
    ['promo', { name: { en: 'x' }, listed: null }, 'listed'], ['promo', { name: { en: 'x' }, more: 1 }, 'more'], ['Bad%20Key', { name: { en: 'x' } }, 'key'],
    ['promo', { name: { en: 'a\0' } }, 'name.en'], ['promo', { name: JSON.parse('{"__proto__": "x"}') }, 'name'],
  ])('PUT %s %j is a 400 at %s', async (key, body, path) => {
    expect(pathsOf(await marketer('put', `/v1/topics/${key}`, body))).toContain(path);
  });

  it('are a marketer’s', async () => {
    for (const scope of ['analyst', 'ingest', 'app'] as const) expect((await callerOf(app, scope)('put', '/v1/topics/promo', {})).status).toBe(403);
  });
});

describe('suppressions', () => {
  it('are added, found in any spelling, and removed', async () => {
    const add = [{ email: 'Bounced@Example.com', reason: 'bounce' }, { email: 'b2@example.com', reason: 'complaint' }, { email: 'bounced@example.com', reason: 'hard bounce' }];
    expect(await ingest('post', '/v1/suppressions', { add })).toMatchObject({ status: 200, body: { added: 2, removed: 0 } });
    expect((await ingest('post', '/v1/suppressions', { add })).body).toEqual({ added: 0, removed: 0 });
    expect((await ingest('get', '/v1/suppressions?email=BOUNCED@example.com')).body).toEqual({
      data: [{ email: 'bounced@example.com', reason: 'hard bounce', createdAt: app.clock.now().toISOString() }], nextCursor: null,
    });
    expect((await ingest('post', '/v1/suppressions', { remove: ['BOUNCED@EXAMPLE.COM', 'unknown@example.com'] })).body).toEqual({ added: 0, removed: 1 });
    expect((await ingest('get', '/v1/suppressions?email=bounced@example.com')).body.data).toEqual([]);
  });

  it('are listed in pages', async () => {
    await ingest('post', '/v1/suppressions', { add: Array.from({ length: 5 }, (_, i) => ({ email: `page${i}@example.com`, reason: 'import' })) });
    const first = (await ingest('get', '/v1/suppressions?limit=4')).body;
    const rest = (await ingest('get', `/v1/suppressions?limit=4&cursor=${first.nextCursor}`)).body;
    expect(new Set([...first.data, ...rest.data].map((s: { email: string }) => s.email)).size).toBe(6);
    expect(rest.nextCursor).toBeNull();
  });

  it('lists with common addresses in opposite order do not deadlock', async () => {
    const entries = Array.from({ length: 500 }, (_, i) => ({ email: `lock${i}@example.com`, reason: 'import' }));
    const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => ingest('post', '/v1/suppressions',
      n % 4 === 3 ? { remove: entries.map((e) => e.email) } : { add: n % 2 ? entries : [...entries].reverse() })));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
  });

  it.each([
    [{}, ['add', 'remove']], [{ add: 'x' }, ['add']], [{ add: [{ email: 'nobody', reason: 'x' }] }, ['add[0].email']], [{ add: [{ email: 'a@example.com' }] }, ['add[0].reason']],
    [{ add: [{ email: 'a@example.com', reason: 'erased' }] }, ['add[0].reason']], [{ remove: ['x'] }, ['remove']], [{ add: [1] }, ['add[0]']], [{ add: [null] }, ['add[0]']],
    [{ add: [{ email: 'a@example.com', reason: 'x', why: 1 }] }, ['add[0].why']], [{ drop: [] }, ['drop']], [{ remove: null }, ['remove']],
    [{ add: [{ email: 'a@example.com', reason: 'x\0' }] }, ['add[0].reason']],
  ])('POST %j is a 400', async (body, paths) => {
    expect(pathsOf(await ingest('post', '/v1/suppressions', body))).toEqual(expect.arrayContaining(paths));
  });
});
