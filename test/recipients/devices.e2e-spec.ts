import type { TestApp } from '../support/test-app.js';
import { appOf, callerOf, pathsOf, startRecipients } from './start.js';

let app: TestApp;
let ingest: ReturnType<typeof callerOf>;
let analyst: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  ingest = callerOf(app, 'ingest');
  analyst = callerOf(app, 'analyst');
});
afterAll(() => app.close());

const put = (userId: string, device: object) => ingest('put', `/v1/users/${userId}/devices`, { platform: 'android', ...device });
const profile = async (userId: string) => (await analyst('get', `/v1/users/${userId}`)).body;

/** Lets requests queue up, in their order, for a row that `holding` locks; then lets go. All of them succeed. */
async function whileHeld(holding: string, requests: readonly (() => ReturnType<typeof put>)[]): Promise<void> {
  const answers = await app.db.transaction(async (tx) => {
    await tx.raw(holding);
    const sent: ReturnType<typeof put>[] = [];
    for (const request of requests) {
      sent.push(request());
      await untilWaiting(sent.length);
    }
    return sent;
  });
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(requests.map(() => 200));
}

async function untilWaiting(count: number): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await app.db.raw(waiting)).length < count);
}

describe('registering a device', () => {
  it('creates the user and shows the device without its token', async () => {
    const answer = await put('fresh', { token: 'fresh-registration-token', appVersion: '1.2', permission: 'granted', timezone: 'Europe/Paris', locale: 'fr-fr' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        token: '…-token', platform: 'android', appVersion: '1.2', permission: 'granted', timezone: 'Europe/Paris', locale: 'fr-FR',
        lastSeenAt: app.clock.now().toISOString(),
      },
    });
    expect(await profile('fresh')).toMatchObject({ deviceTimezone: 'Europe/Paris', deviceLocale: 'fr-FR', lastSeenAt: app.clock.now().toISOString() });
  });

  it('keeps what a later registration leaves out, clears what it sets to null', async () => {
    await put('keeps', { token: 'keeps', permission: 'denied', appVersion: '1' });
    expect((await put('keeps', { token: 'keeps', platform: 'ios' })).body).toMatchObject({ permission: 'denied', appVersion: '1', platform: 'ios' });
    expect((await put('keeps', { token: 'keeps', permission: null })).body).toMatchObject({ permission: null, appVersion: '1' });
  });

  it('lets zone and locale follow the last-seen device that tells, and the backend beat them', async () => {
    await put('zones', { token: 'zones-1', timezone: 'Asia/Tokyo', locale: 'ja', lastSeenAt: '2026-02-01T00:00:00Z' });
    await put('zones', { token: 'zones-2', timezone: 'Europe/Rome', lastSeenAt: '2026-02-20T00:00:00Z' });
    expect(await profile('zones')).toMatchObject({ deviceTimezone: 'Europe/Rome', deviceLocale: 'ja', lastSeenAt: '2026-02-20T00:00:00.000Z' });
    await put('zones', { token: 'zones-1', lastSeenAt: '2026-02-25T00:00:00Z' });
    expect((await profile('zones')).deviceTimezone).toBe('Asia/Tokyo');
    const zone = () => app.db.raw<{ zone: string }>(`select zone from users where user_id = 'zones'`);
    expect(await zone()).toEqual([{ zone: 'Asia/Tokyo' }]);
    await ingest('post', '/v1/users/batch', { users: [{ userId: 'zones', timezone: 'America/Lima' }] });
    expect(await zone()).toEqual([{ zone: 'America/Lima' }]);
    await ingest('post', '/v1/devices/detach', { token: 'zones-1' });
    await ingest('post', '/v1/users/batch', { users: [{ userId: 'zones', timezone: null }] });
    expect(await zone()).toEqual([{ zone: 'Europe/Rome' }]);
  });

  it('never makes a device older, nor seen in the future', async () => {
    await put('ages', { token: 'ages', lastSeenAt: '2026-02-20T00:00:00Z' });
    expect((await put('ages', { token: 'ages', lastSeenAt: '2026-01-01T00:00:00Z' })).body.lastSeenAt).toBe('2026-02-20T00:00:00.000Z');
    expect((await put('ages', { token: 'ages', lastSeenAt: '2026-03-03T00:00:00Z' })).body.lastSeenAt).toBe(app.clock.now().toISOString());
    expect(pathsOf(await put('ages', { token: 'ages', lastSeenAt: '2026-03-05T00:00:00Z' }))).toEqual(['lastSeenAt']);
  });

  it('refuses a raw APNs token and says so', async () => {
    const answer = await put('apns', { token: '0123456789abcdef'.repeat(4), platform: 'ios' });
    expect(pathsOf(answer)).toEqual(['token']);
    expect(answer.body.errors[0].message).toMatch(/APNs.*FCM/);
    expect((await put('apns', { token: `${'0123456789abcdef'.repeat(4)}:APA91b`, platform: 'ios' })).status).toBe(200);
  });

  it('names every field that is wrong', async () => {
    const answer = await ingest('put', '/v1/users/wrong/devices', {
      platform: 'windows', appVersion: 5, permission: 'maybe', timezone: 'Nowhere', locale: 'x', lastSeenAt: 'now', model: 'P1',
    });
    expect(pathsOf(answer).sort()).toEqual(['appVersion', 'lastSeenAt', 'locale', 'model', 'permission', 'platform', 'timezone', 'token']);
    expect((await analyst('get', '/v1/users/wrong')).status).toBe(404);
  });
});

describe('a token has one owner', () => {
  it('moves whole to whom it is registered for last, and the former owner forgets its zone', async () => {
    await put('first', { token: 'moving', timezone: 'Asia/Tokyo', permission: 'granted' });
    await put('second', { token: 'moving', lastSeenAt: '2026-01-05T00:00:00Z' });
    expect(await profile('first')).toMatchObject({ devices: [], deviceTimezone: null });
    expect(await profile('second')).toMatchObject({
      devices: [{ permission: 'granted', lastSeenAt: '2026-01-05T00:00:00.000Z' }], deviceTimezone: 'Asia/Tokyo',
    });
  });

  it('also when two registrations wait for the same token: the later finds whose it has become, and that one forgets its zone', async () => {
    await put('former', { token: 'raced', timezone: 'Asia/Tokyo' });
    await whileHeld(`select from devices where token = 'raced' for update`, [
      () => put('between', { token: 'raced', timezone: 'Europe/Paris' }),
      () => put('last', { token: 'raced', timezone: 'America/Lima' }),
    ]);
    const zones = await app.db.raw(`select user_id, device_timezone from users where user_id in ('former', 'between', 'last') order by id`);
    expect(zones).toEqual([
      { user_id: 'former', device_timezone: null }, { user_id: 'between', device_timezone: null }, { user_id: 'last', device_timezone: 'America/Lima' },
    ]);
  });

  it('and its user follows the last-seen device also when the registration of one last seen earlier comes in last', async () => {
    await put('two-phones', { token: 'phone-0', lastSeenAt: '2026-01-01T00:00:00Z' });
    await whileHeld(`select from users where user_id = 'two-phones' for no key update`, [
      () => put('two-phones', { token: 'phone-1', timezone: 'Europe/Paris', lastSeenAt: '2026-02-02T00:00:00Z' }),
      () => put('two-phones', { token: 'phone-2', timezone: 'Asia/Tokyo', lastSeenAt: '2026-02-01T00:00:00Z' }),
    ]);
    expect(await profile('two-phones')).toMatchObject({ deviceTimezone: 'Europe/Paris', lastSeenAt: '2026-02-02T00:00:00.000Z' });
  });

  it('also when batches and single registrations swap a hundred tokens between the same users', async () => {
    const swap = (n: number) => ({ users: Array.from({ length: 100 }, (_, i) => ({ userId: `swap-${(i + n) % 100}`, devices: [{ token: `swap-token-${i}`, platform: 'web' }] })) });
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, (_, n) => ingest('post', '/v1/users/batch', swap(n))),
      ...Array.from({ length: 40 }, (_, i) => put(`swap-${i}`, { token: `swap-token-${99 - i}` })),
    ]);
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
    const [row] = await app.db.raw(`select count(*)::int as n, count(distinct token)::int as tokens from devices where token like 'swap-token-%'`);
    expect(row).toEqual({ n: 100, tokens: 100 });
  });
});

describe('detaching', () => {
  it('needs no user, only the token, and may be repeated', async () => {
    await put('leaves', { token: 'leaves' });
    const anonymous = callerOf(app, 'app');
    expect((await anonymous('post', '/v1/devices/detach', { token: 'leaves' })).status).toBe(204);
    expect((await profile('leaves')).devices).toEqual([]);
    expect((await anonymous('post', '/v1/devices/detach', { token: 'leaves' })).status).toBe(204);
  });

  it.each([[{}, ['token']], [{ token: 5 }, ['token']], [{ token: 'a', other: 1 }, ['other']], [[], ['token']], [{ token: 'a\0' }, ['token']]])(
    '%j is a 400', async (body, paths) => {
      expect(pathsOf(await ingest('post', '/v1/devices/detach', body))).toEqual(paths);
    });
});

describe('an app key', () => {
  it('registers devices for its own user only', async () => {
    const mine = await appOf(app, 'owner');
    expect((await mine('put', '/v1/users/owner/devices', { token: 'own', platform: 'ios' })).status).toBe(200);
    expect((await mine('put', '/v1/users/other/devices', { token: 'own', platform: 'ios' })).status).toBe(403);
    expect((await mine('put', '/v1/users/other/devices', { nonsense: true })).status).toBe(403);
    expect((await callerOf(app, 'app')('put', '/v1/users/owner/devices', { token: 'own', platform: 'ios' })).status).toBe(403);
    expect((await callerOf(app, 'app', { 'X-User-Token': 'a.b.c' })('put', '/v1/users/owner/devices', {})).status).toBe(401);
  });

  it('may not say when a device was last seen', async () => {
    const mine = await appOf(app, 'owner');
    expect(pathsOf(await mine('put', '/v1/users/owner/devices', { token: 'own', platform: 'ios', lastSeenAt: '2026-01-01T00:00:00Z' }))).toEqual(['lastSeenAt']);
  });

  it('speaks for a user for as long as its token lasts', async () => {
    const minted = await ingest('post', '/v1/users/owner/token', { ttl: 'PT5M' });
    expect(minted).toMatchObject({ status: 201, body: { expiresAt: new Date(app.clock.now().getTime() + 300_000).toISOString() } });
    const mine = callerOf(app, 'app', { 'X-User-Token': minted.body.token });
    expect((await mine('get', '/v1/users/owner/subscriptions')).status).toBe(200);
    app.clock.advance({ minutes: 6 });
    expect((await mine('get', '/v1/users/owner/subscriptions')).status).toBe(401);
    for (const ttl of ['P1M', 'PT0S', 'P400D', 5, null]) expect(pathsOf(await ingest('post', '/v1/users/owner/token', { ttl }))).toEqual(['ttl']);
    for (const scope of ['app', 'marketer', 'analyst'] as const) expect((await callerOf(app, scope)('post', '/v1/users/owner/token', {})).status).toBe(403);
  });
});
