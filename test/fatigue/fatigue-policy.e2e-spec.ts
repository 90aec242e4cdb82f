import { FatigueModule, FatiguePolicies } from '../../src/fatigue/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const CAP = { key: 'push-day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } };
const QUIET = { channel: 'push', start: '22:00', end: '08:00', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] };
/** The example of the contract. */
const POLICY = {
  caps: [CAP, { key: 'any-week', channel: 'any', limit: 4, window: { type: 'calendar', unit: 'week', timezone: 'user' } },
    { key: 'promo', channel: 'any', topic: 'promo', limit: 2, window: { type: 'rolling', duration: 'P7D' } }],
  minimumGap: [{ channel: 'push', duration: 'PT4H' }],
  quietHours: [QUIET],
  tiers: [{ segment: 'champions', caps: { 'push-day': 2 } }],
  adaptive: { enabled: true, unopenedStreak: 5, factor: 0.5, floor: 1 },
};
const EMPTY = { version: 0, caps: [], minimumGap: [], quietHours: [], tiers: [], adaptive: { enabled: false, unopenedStreak: 5, factor: 0.5, floor: 1 } };

let test: TestApp;
const put = (body: unknown, key = test.adminKey) => test.http.put('/v1/fatigue-policy').set(auth(key)).send(body as object);
const get = () => test.http.get('/v1/fatigue-policy').set(auth(test.keys.marketer));

beforeAll(async () => {
  test = await startTestApp({ modules: [FatigueModule] });
  await test.db.raw(`insert into topics (key, name) values ('promo', '{}')`);
  await test.db.raw(`insert into segments (key, name, static) values ('champions', 'Champions', true)`);
});
afterAll(() => test.close());

describe('the fatigue policy', () => {
  it('is version 0 with nothing in it before anybody wrote one', async () => {
    expect((await get().expect(200)).body).toEqual(EMPTY);
  });

  it('is answered as it was written, a version for each edit, and in force at once on another process too', async () => {
    const other = await startTestApp({ modules: [FatigueModule], databaseUrl: test.databaseUrl });
    try {
      expect((await other.app.get(FatiguePolicies).current()).version).toBe(0);
      expect((await put(POLICY).expect(200)).body).toEqual({ version: 1, ...POLICY });
      expect((await get()).body).toEqual({ version: 1, ...POLICY });
      expect((await put({}).expect(200)).body).toEqual({ ...EMPTY, version: 2 });
      const policies = other.app.get(FatiguePolicies);
      expect((await policies.current()).version).toBe(2);
      expect((await policies.at(1)).policy).toEqual(POLICY);
      expect((await policies.at(0)).policy).toMatchObject({ caps: [] });
      await expect(policies.at(99)).rejects.toMatchObject({ status: 404 });
    } finally {
      await other.close();
    }
  });

  it('takes back what GET answered, unless another version came between', async () => {
    const { body } = await put(POLICY).expect(200);
    expect((await put(body).expect(200)).body).toEqual({ ...body, version: body.version + 1 });
    const refused = await put(body).expect(409);
    expect(refused.body.detail).toContain(`version ${body.version + 1} is in force`);
  });

  it('numbers writers at the same time one after the other', async () => {
    const before = (await get()).body.version as number;
    const versions = await Promise.all(Array.from({ length: 20 }, async () => (await put(POLICY).expect(200)).body.version as number));
    expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => before + 1 + i));
  });

  it('every day is the default of quiet hours', async () => {
    const { days, ...rest } = QUIET;
    expect((await put({ quietHours: [rest] }).expect(200)).body.quietHours).toEqual([{ ...rest, days }]);
  });

  it('is written by admins and read by marketers', async () => {
    await put(POLICY, test.keys.marketer).expect(403);
    await put({ nonsense: true }, test.keys.marketer).expect(403);
    for (const scope of ['analyst', 'ingest', 'app'] as const) {
      await test.http.get('/v1/fatigue-policy').set(auth(test.keys[scope])).expect(403);
    }
    await test.http.put('/v1/fatigue-policy').send(POLICY).expect(401);
  });
});

const cap = (of: object) => ({ caps: [{ ...CAP, ...of }] });
const window = (of: object) => cap({ window: of });
const quiet = (of: object) => ({ quietHours: [{ ...QUIET, ...of }] });
const tier = (of: object) => ({ caps: [CAP], tiers: [{ segment: 'champions', caps: { 'push-day': 2 }, ...of }] });
const adaptive = (of: object) => ({ adaptive: { ...POLICY.adaptive, ...of } });
const repeat = (n: number, of: (i: number) => object) => Array.from({ length: n }, (_, i) => of(i));

/** What is wrong, and every field that must be named, and none besides. */
const MALFORMED: [object, string[]][] = [
  [{ quiet: [] }, ['quiet']], [{ version: -1 }, ['version']], [{ version: '1' }, ['version']],
  [{ caps: null }, ['caps']], [{ caps: 'none' }, ['caps']], [{ caps: [null] }, ['caps[0]']], [{ caps: [CAP, 5] }, ['caps[1]']],
  [{ caps: [CAP, CAP] }, ['caps']], [{ caps: repeat(33, (i) => ({ ...CAP, key: `c${i}` })) }, ['caps']],
  [{ caps: [{}] }, ['caps[0].key', 'caps[0].channel', 'caps[0].limit', 'caps[0].window']],
  [cap({ key: 'Push Day' }), ['caps[0].key']], [cap({ key: '' }), ['caps[0].key']], [cap({ key: 7 }), ['caps[0].key']],
  [cap({ channel: 'sms' }), ['caps[0].channel']], [cap({ topic: null }), ['caps[0].topic']], [cap({ topic: 'nope' }), ['caps[0].topic']],
  ...[0, 1001, 1.5, '1', null, -1].map((limit): [object, string[]] => [cap({ limit }), ['caps[0].limit']]),
  [cap({ max: 1 }), ['caps[0].max']], [{ caps: [CAP, { ...CAP, key: 'b', limit: 0 }] }, ['caps[1].limit']],
  ...[null, 'PT24H', [], 3].map((of): [object, string[]] => [cap({ window: of }), ['caps[0].window']]),
  [window({}), ['caps[0].window.type']], [window({ type: 'sliding', duration: 'PT1H' }), ['caps[0].window.type']],
  [window({ type: '__proto__' }), ['caps[0].window.type']],
  ...['PT0S', 'P367D', 'P1M', '24h', '', 24, null].map((duration): [object, string[]] => [window({ type: 'rolling', duration }), ['caps[0].window.duration']]),
  [window({ type: 'rolling', duration: 'PT1H', unit: 'day' }), ['caps[0].window.unit']],
  [window({ type: 'calendar' }), ['caps[0].window.unit', 'caps[0].window.timezone']],
  [window({ type: 'calendar', unit: 'hour', timezone: 'user' }), ['caps[0].window.unit']],
  ...['CET-1', '+02:00', 'Europe/Atlantis', '', null, 'User'].map((timezone): [object, string[]] =>
    [window({ type: 'calendar', unit: 'day', timezone }), ['caps[0].window.timezone']]),
  [{ minimumGap: {} }, ['minimumGap']], [{ minimumGap: [{ channel: 'push', duration: 'PT0S' }] }, ['minimumGap[0].duration']],
  [{ minimumGap: [{ channel: null, duration: 'PT1H' }] }, ['minimumGap[0].channel']], [{ minimumGap: [{ channel: 'push', duration: 'PT1H', topic: 'promo' }] }, ['minimumGap[0].topic']],
  ...['24:00', '8:00', '08:60', '0800', 8, null, '08:00:00'].map((start): [object, string[]] => [quiet({ start }), ['quietHours[0].start']]),
  [quiet({ end: '22:00' }), ['quietHours[0].end']], [quiet({ end: 'x' }), ['quietHours[0].end']], [quiet({ channel: 'sms' }), ['quietHours[0].channel']],
  ...[[], ['monday'], 'mon', ['mon', 'mon'], null, [null]].map((days): [object, string[]] => [quiet({ days }), ['quietHours[0].days']]),
  [{ quietHours: [QUIET, { ...QUIET, start: '08:00', end: '22:00' }] }, ['quietHours']],
  [tier({ segment: 'nope' }), ['tiers[0].segment']], [tier({ segment: 'everyone' }), ['tiers[0].segment']], [tier({ segment: 5 }), ['tiers[0].segment']],
  ...[null, [], 'push-day', 5].map((caps): [object, string[]] => [tier({ caps }), ['tiers[0].caps']]),
  [tier({ caps: {} }), ['tiers[0].caps']], [tier({ caps: { nope: 1 } }), ['tiers[0].caps.nope']],
  ...[0, 1001, '2', null, 1.5, {}].map((limit): [object, string[]] => [tier({ caps: { 'push-day': limit } }), ['tiers[0].caps.push-day']]),
  [{ caps: [CAP], tiers: repeat(2, () => ({ segment: 'champions', caps: { 'push-day': 2 } })) }, ['tiers']],
  [{ adaptive: 'on' }, ['adaptive']], [{ adaptive: [] }, ['adaptive']], [{ adaptive: {} }, ['adaptive.enabled']], [adaptive({ enabled: 1 }), ['adaptive.enabled']],
  ...[0, 1001, 2.5, '5'].map((unopenedStreak): [object, string[]] => [adaptive({ unopenedStreak }), ['adaptive.unopenedStreak']]),
  ...[0, 1, -0.5, 0.12345, 1e-7, '0.5'].map((factor): [object, string[]] => [adaptive({ factor }), ['adaptive.factor']]),
  ...[0, 1001, 1.5].map((floor): [object, string[]] => [adaptive({ floor }), ['adaptive.floor']]), [adaptive({ from: 1 }), ['adaptive.from']],
  [{ caps: [{ ...CAP, limit: 0 }], adaptive: { enabled: 'x' } }, ['caps[0].limit', 'adaptive.enabled']],
];

describe('a malformed policy is refused by the names of its fields', () => {
  it.each(MALFORMED.map(([body, fields]): [string, object, string[]] => [JSON.stringify(body).slice(0, 100), body, fields]))('%s', async (_, body, fields) => {
    const { version } = (await get()).body;
    const answer = await put(body).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect([...new Set(answer.body.errors.map(({ path }: { path: string }) => path))]).toEqual(fields);
    expect((await get()).body.version).toBe(version);
  });

  it.each(['[]', '"x"', '5', 'null', 'true'])('the body %s', async (text) => {
    const answer = await test.http.put('/v1/fatigue-policy').set(auth(test.adminKey)).type('json').send(text);
    expect(answer.status).toBe(400);
  });
});
