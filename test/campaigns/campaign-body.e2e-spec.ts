import { auth } from '../support/test-app.js';
import { BODY, DEFINITION, startCampaigns, type CampaignsUnderTest } from './campaign-fixture.js';

let test: CampaignsUnderTest;
beforeAll(async () => {
  test = await startCampaigns();
});
afterAll(() => test.close());

const NEVER = { status: 'draft', statusReason: null, dueAt: null, launchedAt: null, completedAt: null };
const T0 = '2026-03-02T12:00:00.000Z';

describe('a new campaign', () => {
  it('is a draft with every default of the contract', async () => {
    const body = await test.create();
    expect(body).toEqual({ id: expect.stringMatching(/^\d+$/), ...DEFINITION, ...NEVER, createdAt: T0, updatedAt: T0 });
    expect(await test.read(body.id)).toEqual(body);
  });

  it('keeps every field that was given', async () => {
    const { template, ...rest } = BODY;
    const full = {
      ...rest, class: 'marketing', tags: ['spring', 'win back'], audience: { include: ['at-risk', 'everyone'], exclude: ['staff'] },
      variants: [{ key: 'a', template, weight: 1 }, { key: 'B', template: 'winback-2', weight: 0.5 }],
      holdout: 0.1234, priority: 0, reserve: false, ignoreCaps: true, schedule: { type: 'at', at: '2026-12-01T18:00:00+01:00' },
      onFatigue: 'defer', expiresAfter: 'P2W', throttlePerMinute: 600_000, onDoubt: 'skip', worth: true, conversion: { event: 'purchase', window: 'P3D', attribution: 'clicked' },
    };
    const { body } = await test.post('', full).expect(201);
    expect(body).toMatchObject({ ...full, dueAt: '2026-12-01T17:00:00.000Z' });
    expect((await test.create({ conversion: { event: 'purchase', window: 'P3D' } })).conversion).toEqual({ event: 'purchase', window: 'P3D', attribution: 'sent' });
  });

  it('needs no topic when it is transactional, and takes null for what has no default', async () => {
    const body = await test.create({ topic: null, class: 'transactional', throttlePerMinute: null, conversion: null });
    for (const field of ['topic', 'throttlePerMinute', 'conversion']) expect(body).not.toHaveProperty(field);
  });

  it('has a salt of its own, and so a holdout of its own', async () => {
    const ids = [(await test.create()).id, (await test.create()).id];
    const salts = await test.db.raw<{ salt: string }>('select distinct salt from campaigns where id = any($1)', [ids]);
    expect(salts.length).toBe(2);
  });
});

const variants = (...of: object[]) => ({ template: undefined, variants: of.map((v, i) => ({ key: `v${i}`, template: 'winback', ...v })) });
const each = (values: unknown[], body: (value: unknown) => object, ...fields: string[]) => values.map((value): [object, string[]] => [body(value), fields]);
const many = (n: number) => Array.from({ length: n }, (_, i) => `k${i}`);

/** Changes to a good body, and exactly the fields that must be named for them. */
const MALFORMED: [object, string[]][] = [
  ...each([undefined, null, '', '  ', 5, 'x'.repeat(201), [], {}], (name) => ({ name }), 'name'),
  ...each([undefined, null, 'sms', '', 1, ['push']], (channel) => ({ channel }), 'channel'),
  ...each([undefined, null, '', 'Promo', 'nope', 7, [], 'x'.repeat(65)], (topic) => ({ topic }), 'topic'),
  ...each(['', 'nope', 7], (topic) => ({ topic, class: 'transactional' }), 'topic'),
  ...each([null, 'alert', '', 1], (value) => ({ class: value }), 'class'),
  ...each([null, 'a', [5], [''], ['a', 'a'], ['x'.repeat(65)], many(21), {}], (tags) => ({ tags }), 'tags'),
  ...each([undefined, null, 'everyone', [], 5], (audience) => ({ audience }), 'audience'),
  ...each([undefined, null, [], 'everyone', ['Everyone'], [5], [null], ['staff', 'staff'], many(101), {}], (include) => ({ audience: { include } }), 'audience.include'),
  ...each([null, 'staff', [5], [''], ['staff', 'staff']], (exclude) => ({ audience: { include: ['everyone'], exclude } }), 'audience.exclude'),
  [{ audience: { include: ['everyone', 'nope'], exclude: ['staff', 'gone'] } }, ['audience.include[1]', 'audience.exclude[1]']],
  [{ audience: { include: ['everyone'], segments: [] } }, ['audience.segments']],
  ...each([undefined, null, '', 'Win back', 5, [], 'nope', 'letter'], (template) => ({ template }), 'template'),
  [{ variants: [{ key: 'a', template: 'winback' }] }, ['template']],
  ...each([null, 'a', [], {}, 5], (value) => ({ template: undefined, variants: value }), 'variants'),
  [variants({}, { key: 'v0' }), ['variants']],
  [variants(...many(21).map((key) => ({ key }))), ['variants']],
  ...each([null, 5, 'a'], (value) => ({ template: undefined, variants: [{ key: 'a', template: 'winback' }, value] }), 'variants[1]'),
  ...each([undefined, null, '', 'a b', 5, 'x'.repeat(65)], (key) => variants({}, { key }), 'variants[1].key'),
  ...each([undefined, null, 'nope', 'letter', 5], (template) => variants({}, { template }), 'variants[1].template'),
  ...each([0, -1, null, '1', 1_000_001, []], (weight) => variants({}, { weight }), 'variants[1].weight'),
  [variants({ share: 1 }), ['variants[0].share']],
  ...each([1, -0.1, 1.5, '0.1', null, 0.00001, 1e-7, true], (holdout) => ({ holdout }), 'holdout'),
  ...each([-1, 101, 1.5, '50', null, true], (priority) => ({ priority }), 'priority'),
  ...each([null, 'false', 0], (reserve) => ({ reserve }), 'reserve'),
  ...each([null, 'true', 1], (ignoreCaps) => ({ ignoreCaps }), 'ignoreCaps'),
  ...each([undefined, null, 'now', [], 5], (schedule) => ({ schedule }), 'schedule'),
  ...each([undefined, null, 'weekly', 5, 'Now', '__proto__', ['now']], (type) => ({ schedule: { type } }), 'schedule.type'),
  ...each([undefined, null, '2026-12-01', '2026-12-01T18:00Z', '2026-02-30T18:00', '2026-12-01T24:00', 5], (localAt) => ({ schedule: { type: 'local', localAt } }), 'schedule.localAt'),
  ...each([null, 'drop', 5], (ifPassed) => ({ schedule: { type: 'local', localAt: '2026-12-01T18:00', ifPassed } }), 'schedule.ifPassed'),
  ...each([undefined, null, '', '9 * * *', '* * * * * *', '60 * * * *', '0 0 30 2 *', 'H 9 * * *', '@daily', 5, [], 'x'.repeat(300)],
    (cron) => ({ schedule: { type: 'recurring', cron, timezone: 'UTC' } }), 'schedule.cron'),
  ...each([undefined, null, 'me', '+01:00', 5], (timezone) => ({ schedule: { type: 'recurring', cron: '0 9 * * *', timezone } }), 'schedule.timezone'),
  ...each([null, 'tomorrow', '2026-12-01'], (until) => ({ schedule: { type: 'recurring', cron: '0 9 * * *', timezone: 'user', until } }), 'schedule.until'),
  ...each([undefined, null, 'once', 'PT0S', 'P367D', 7], (reentry) => ({ schedule: { type: 'triggered', event: 'signup', reentry } }), 'schedule.reentry'),
  ...each([undefined, '2026-02-30', '2026-12-01T00:00', 5], (date) => ({ schedule: { type: 'bestHour', date } }), 'schedule.date'),
  ...each(['08:00', '07:59', '24:00', '8', null], (to) => ({ schedule: { type: 'bestHour', date: '2026-12-01', to } }), 'schedule.to'),
  [{ schedule: { type: 'triggered', reentry: 'never' } }, ['schedule.event']],
  [{ schedule: { type: 'triggered', event: 'signup', segment: 'at-risk', reentry: 'never' } }, ['schedule.segment']],
  [{ schedule: { type: 'triggered', segment: 'at-risk', where: [], reentry: 'never' } }, ['schedule.where']],
  [{ schedule: { type: 'triggered', segment: 'nobody', reentry: 'never' } }, ['schedule.segment']],
  [{ schedule: { type: 'triggered', segment: 'everyone', reentry: 'never' } }, ['schedule.segment']],
  [{ schedule: { type: 'triggered', event: 'signup', where: [{ property: 'plan', op: 'is', value: 1 }, { property: '', op: 'eq', value: 1 }], reentry: 'never' } },
    ['schedule.where[0].op', 'schedule.where[1].property']],
  ...each([null, '1h', 'P91D'], (delay) => ({ schedule: { type: 'triggered', event: 'signup', delay, reentry: 'never' } }), 'schedule.delay'),
  [{ schedule: { type: 'local', localAt: '2026-12-01T18:00', at: '2026-12-01T18:00:00Z' } }, ['schedule.at']],
  [{ schedule: { type: 'now', at: '2026-12-01T18:00:00Z' } }, ['schedule.at']],
  ...each([undefined, null, '', 'tomorrow', '2026-12-01', '2026-12-01T18:00', '2026-02-30T18:00:00Z', 1764000000000, []],
    (at) => ({ schedule: { type: 'at', at } }), 'schedule.at'),
  [{ schedule: { type: 'at', at: '2026-12-01T18:00:00Z', timezone: 'UTC' } }, ['schedule.timezone']],
  ...each([null, 'wait', '', 1], (onFatigue) => ({ onFatigue }), 'onFatigue'),
  ...each([null, '', '24h', 'PT0S', 'PT0.5S', 'P367D', 'P1M', 24, []], (expiresAfter) => ({ expiresAfter }), 'expiresAfter'),
  ...each([0, -1, 600_001, 1.5, '60', [], true], (throttlePerMinute) => ({ throttlePerMinute }), 'throttlePerMinute'),
  ...each([null, 'retry', 1], (onDoubt) => ({ onDoubt }), 'onDoubt'),
  ...each(['purchase', [], 5, true], (conversion) => ({ conversion }), 'conversion'),
  [{ conversion: {} }, ['conversion.event', 'conversion.window']],
  ...each([null, '', 5, 'x'.repeat(256)], (event) => ({ conversion: { event, window: 'P3D' } }), 'conversion.event'),
  ...each([null, '3 days', 'PT0S', 'P367D', 3], (window) => ({ conversion: { event: 'e', window } }), 'conversion.window'),
  ...each([null, 'received', 1], (attribution) => ({ conversion: { event: 'e', window: 'P3D', attribution } }), 'conversion.attribution'),
  [{ conversion: { event: 'e', window: 'P3D', value: 1 } }, ['conversion.value']],
  ...each(['x', {}, 1, null], (worth) => ({ worth }), 'worth'),
  [{ worth: true, class: 'transactional' }, ['worth']],
  [{ id: '7' }, ['id']], [{ status: 'running' }, ['status']], [{ colour: 'red' }, ['colour']],
  [{ name: 'a\u0000b' }, ['name']], [{ tags: ['\ud800'] }, ['tags[0]']],
  [{ name: '', priority: 500, schedule: { type: 'later' }, onFatigue: 'x' }, ['name', 'priority', 'schedule.type', 'onFatigue']],
  [{ topic: 'nope', template: 'gone', audience: { include: ['nobody'] } }, ['topic', 'audience.include[0]', 'template']],
];

function fieldsOf(answer: { body: { errors: { path: string }[] } }): string[] {
  return [...new Set(answer.body.errors.map(({ path }) => path))];
}

describe('a malformed campaign is refused by the names of its fields', () => {
  const table = MALFORMED.map(([change, fields]): [string, object, string[]] =>
    [JSON.stringify(change, (_, v: unknown) => (v === undefined ? 'absent' : v)).slice(0, 100), change, fields]);

  it.each(table)('POST %s', async (_, change, fields) => {
    const answer = await test.post('', { ...BODY, ...change }).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(fieldsOf(answer)).toEqual(fields);
  });

  it('PATCH of a draft, by the same names, and nothing is changed', async () => {
    const draft = await test.create();
    const cleared = new Set(['topic', 'throttlePerMinute', 'conversion']);
    for (const [change, fields] of MALFORMED) {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (Object.keys(given).length === 0 || Object.entries(given).every(([key, value]) => cleared.has(key) && value === null)) continue;
      // A patch without `template` replaces the variants, so there the two are not both given.
      if ('variants' in given && fields[0] === 'template') continue;
      const answer = await test.patch(draft.id, given);
      expect({ given, status: answer.status, fields: fieldsOf(answer) }).toEqual({ given, status: 400, fields });
    }
    expect(await test.read(draft.id)).toEqual(draft);
  });

  it.each(['[]', '"x"', '5', 'null', '{', '[{}]'])('the body %s', async (text) => {
    const draft = await test.create();
    const headers = auth(test.keys.marketer);
    for (const request of [test.http.post('/v1/campaigns'), test.http.patch(`/v1/campaigns/${draft.id}`)]) {
      expect((await request.set(headers).type('json').send(text)).status).toBe(400);
    }
  });

  it.each(['launch', 'pause', 'resume', 'cancel', 'duplicate'])('POST …/%s takes no field', async (verb) => {
    const draft = await test.create();
    expect(fieldsOf(await test.post(`/${draft.id}/${verb}`, { force: true }).expect(400))).toEqual(['force']);
    expect((await test.http.post(`/v1/campaigns/${draft.id}/${verb}`).set(auth(test.keys.marketer)).type('json').send('[1]')).status).toBe(400);
    expect((await test.read(draft.id)).status).toBe('draft');
  });

  it.each([
    ['status=sleeping', 'status'], ['status=', 'status'], ['tag=', 'tag'], ['from=yesterday', 'from'], ['to=2026-01-01', 'to'], ['limit=0', 'limit'], ['limit=201', 'limit'],
    ['limit=x', 'limit'], ['cursor=!!', 'cursor'], ['cursor=YWJj', 'cursor'], ['sort=name', 'sort'], ['status=draft&status=paused', 'status'], ['tag=%00', 'query.tag'],
  ])('GET ?%s', async (query, field) => {
    const answer = await test.http.get(`/v1/campaigns?${query}`).set(auth(test.keys.marketer)).expect(400);
    expect(fieldsOf(answer as never)).toEqual([field]);
  });

  it('says of a template for another channel which one it is for', async () => {
    const message = async (change: object): Promise<string> => (await test.post('', { ...BODY, ...change }).expect(400)).body.errors[0].message;
    expect(await message({ template: 'letter' })).toBe('the template letter is for email');
  });
});

describe('who may do it', () => {
  const ROUTES: ['get' | 'post' | 'patch' | 'delete', string, string[]][] = [
    ['post', '', ['marketer']], ['get', '', ['marketer', 'analyst']], ['get', '/1', ['marketer', 'analyst']], ['patch', '/1', ['marketer']],
    ['delete', '/1', ['marketer']], ['get', '/1/runs', ['marketer', 'analyst']],
    ...['launch', 'pause', 'resume', 'cancel', 'duplicate'].map((verb): ['post', string, string[]] => ['post', `/1/${verb}`, ['marketer']]),
  ];

  it.each(ROUTES)('%s %s is for %j and admin, before the body is looked at', async (method, path, allowed) => {
    const status = async (key: string) => (await test.http[method](`/v1/campaigns${path}`).set(auth(key)).send({ nonsense: 1 })).status;
    for (const [scope, key] of Object.entries(test.keys)) expect([scope, (await status(key)) === 403]).toEqual([scope, !allowed.includes(scope)]);
    expect(await status(test.adminKey)).not.toBe(403);
    expect((await test.http[method](`/v1/campaigns${path}`)).status).toBe(401);
  });

  it.each(['999999', 'abc', '-1', '1e3', '99999999999999999999', '%00'])('the campaign %s is not there', async (id) => {
    const marketer = auth(test.keys.marketer);
    const answers = [
      test.http.get(`/v1/campaigns/${id}`), test.http.get(`/v1/campaigns/${id}/runs`), test.http.delete(`/v1/campaigns/${id}`), test.http.patch(`/v1/campaigns/${id}`).send({}),
      ...['launch', 'pause', 'resume', 'cancel', 'duplicate'].map((verb) => test.http.post(`/v1/campaigns/${id}/${verb}`)),
    ];
    for (const answer of answers) expect((await answer.set(marketer)).status).toBe(id === '%00' ? 400 : 404);
  });
});
