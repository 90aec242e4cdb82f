import type { TestApp } from '../support/test-app.js';
import { auth } from '../support/test-app.js';
import { callerOf, pathsOf, startRecipients, type Method } from './start.js';

let app: TestApp;
let admin: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  admin = callerOf(app, 'admin');
});
afterAll(() => app.close());

const HOSTILE: unknown[] = [
  null, true, -1, 0, 1e308, Number.MAX_SAFE_INTEGER, '', ' ', 'a\0b', '\ud800', '\udfff\ud800', '\u202e', "'; drop table users; --", '${7*7}', '{{7*7}}', '%s%n', '../../etc/passwd',
  'x'.repeat(5_000), [], [[]], [null], ['x'], {}, { $ne: 1 }, { a: { b: {} } }, JSON.parse('{"__proto__": {"a": 1}}'), { constructor: { prototype: 1 } }, { toString: 'x' },
  'NaN', '-infinity', 'infinity', 'epoch', 'now', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59Z', '294277-01-01T00:00:00Z', 'P99999999D', 'P1Y', 'PST', 'en_US', '\ufeff', 'İ@example.com',
];

const BODIES: [Method, string, Record<string, unknown>][] = [
  ['patch', '/v1/settings', {
    purchaseEvent: 'purchase', currency: 'EUR', defaultTimezone: 'UTC', consent: { push: 'optOut' }, staleDeviceAfter: 'P30D', globalHoldout: 0, margin: 1, messageCost: { push: 0 },
  }],
  ['put', '/v1/users/u/devices', { token: 't', platform: 'ios', appVersion: '1', permission: 'granted', timezone: 'UTC', locale: 'en', lastSeenAt: '2026-03-01T00:00:00Z' }],
  ['post', '/v1/devices/detach', { token: 't' }],
  ['put', '/v1/users/u/subscriptions', { channel: 'push', topic: 'a', state: 'subscribed', occurredAt: '2026-03-01T00:00:00Z', source: 's', messageId: 'm' }],
  ['put', '/v1/topics/promo', { name: { en: 'Offers' }, listed: true }],
  ['post', '/v1/suppressions', { add: [{ email: 'a@example.com', reason: 'bounce' }], remove: ['b@example.com'] }],
  ['post', '/v1/users/u/token', { ttl: 'PT1H' }],
];

const ROWS: [string, string, Record<string, unknown>][] = [
  ['/v1/users/batch', 'users', {
    userId: 'u', email: 'u@example.com', timezone: 'UTC', locale: 'en', createdAt: '2026-01-01T00:00:00Z', attributes: { a: 1 },
    devices: [{ token: 't', platform: 'ios' }], subscriptions: [{ channel: 'push', state: 'subscribed' }],
  }],
  ['/v1/events', 'events', { eventId: 'e', userId: 'u', name: 'n', occurredAt: '2026-03-01T00:00:00Z', value: 1, currency: 'EUR', properties: { a: 1 } }],
];

describe('hostile values', () => {
  it.each(BODIES)('%s %s: each field with each of them is taken or a 400 that names it', async (method, path, good) => {
    expect((await admin(method, path, good)).status).toBeLessThan(300);
    for (const field of Object.keys(good)) {
      for (const value of HOSTILE) {
        const answer = await admin(method, path, { ...good, [field]: value });
        if (answer.status >= 300) expect(pathsOf(answer).some((p) => p === field || p.startsWith(`${field}.`) || p.startsWith(`${field}[`))).toBe(true);
      }
    }
    for (const body of [[], ['x'], [good]]) expect((await admin(method, path, body)).status).toBe(400);
  });

  it.each(ROWS)('%s: each field of a row with each of them is taken or rejected alone', async (path, list, good) => {
    let n = 0;
    for (const field of Object.keys(good)) {
      const rows = HOSTILE.map((value) => ({ ...good, ...(path === '/v1/events' ? { eventId: `h${n++}` } : {}), [field]: value }));
      const answer = await admin('post', path, { [list]: [...rows, { ...good, userId: `whole-${field}` }] });
      expect(answer.status).toBe(200);
      const { accepted, duplicates = 0, rejected } = answer.body;
      expect(accepted + duplicates + rejected.length).toBe(rows.length + 1);
      expect(rejected.map((r: { index: number }) => r.index)).not.toContain(rows.length);
      for (const { path: at, message } of rejected) {
        expect(at === field || at.startsWith(`${field}.`) || at.startsWith(`${field}[`)).toBe(true);
        expect(message).toBeTruthy();
      }
    }
  });
});

describe('bodies that are none', () => {
  it.each([...BODIES.map(([method, path]) => [method, path] as const), ...ROWS.map(([path]) => ['post', path] as const)])('%s %s', async (method, path) => {
    const send = (body: string | Buffer) => app.http[method](path).set({ ...auth(app.adminKey), 'Content-Type': 'application/json' }).send(body as never);
    for (const body of ['{', 'nonsense', '[1', '"a', '{"a":1e}', '{"a":\u0001}']) expect((await send(body)).status).toBe(400);
    expect((await send(`${'['.repeat(200)}${']'.repeat(200)}`)).status).toBe(400);
    for (const body of ['1', '"text"', 'true', 'null']) expect((await send(body)).status).toBe(400);
  });
});

it.each([
  '/v1/users?limit=0', '/v1/users?limit=x', '/v1/users?cursor=!!', '/v1/users?cursor=YWJj', '/v1/users?email=', '/v1/users?email=nobody', '/v1/users?email[]=a@example.com&email[]=b',
  '/v1/users?sort=1', '/v1/suppressions?email=x', '/v1/suppressions?cursor=YWJj', '/v1/suppressions?limit=201', '/v1/topics?limit=-1', '/v1/topics?cursor=%00', '/v1/users/a%00b',
  `/v1/users/${'x'.repeat(256)}`, '/v1/users/%E0%A4%A',
])('GET %s is a 400', async (path) => {
  expect((await admin('get', path)).status).toBe(400);
});

it.each(["/v1/users/'%20or%201=1", '/v1/users/__proto__', '/v1/users/constructor/subscriptions', '/v1/users/%F0%9F%98%80/export'])('GET %s is a 404', async (path) => {
  expect((await admin('get', path)).status).toBe(404);
});
