import { SettingsModule } from '../../src/settings/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentsModule } from '../../src/segments/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const GOLD = { attribute: 'plan', op: 'eq', value: 'gold' };

describe('segments over HTTP', () => {
  let t: TestApp;
  const marketer = (): { Authorization: string } => auth(t.keys.marketer);
  const post = (path: string, body: object) => t.http.post(path).set(marketer()).send(body);
  const get = (path: string) => t.http.get(path).set(auth(t.keys.analyst));

  async function makeUsers(users: { id: string; plan?: string; email?: string }[]): Promise<void> {
    await t.db.raw(`
      insert into users (id, user_id, attributes, email, created_at)
      select nextval('user_id_seq'), u.id, case when u.plan is null then '{}' else jsonb_build_object('plan', u.plan) end, u.email, $2::timestamptz
      from jsonb_to_recordset($1) as u (id text, plan text, email text)`, [JSON.stringify(users), t.clock.now()]);
  }

  beforeEach(async () => {
    t = await startTestApp({ modules: [SettingsModule, ScoringModule, SegmentsModule] });
    await makeUsers([{ id: 'ada', plan: 'gold', email: 'ada@example.com' }, { id: 'ben', plan: 'silver' }, { id: 'cyd', plan: 'gold' }]);
  });
  afterEach(() => t.close());

  it('has its members, size and build with the answer that makes it', async () => {
    const made = await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    expect(made.body).toMatchObject({ key: 'gold', name: 'Gold', static: false, rule: GOLD, size: 2, lagMs: 0, computedAt: t.clock.now().toISOString() });
    const members = await get('/v1/segments/gold/members?limit=1').expect(200);
    expect(members.body.data).toEqual([{ userId: 'ada', enteredAt: t.clock.now().toISOString() }]);
    const next = await get(`/v1/segments/gold/members?limit=1&cursor=${members.body.nextCursor}`).expect(200);
    expect(next.body).toEqual({ data: [{ userId: 'cyd', enteredAt: t.clock.now().toISOString() }], nextCursor: null });
  });

  it('streams all members as csv and ndjson, quoting ids that need it', async () => {
    await makeUsers([{ id: 'a,"b"', plan: 'gold' }]);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    const at = t.clock.now().toISOString();
    const csv = await get('/v1/segments/gold/members?format=csv').expect(200).expect('Content-Type', /text\/csv/);
    expect(csv.text).toBe(`userId,enteredAt\nada,${at}\ncyd,${at}\n"a,""b""",${at}\n`);
    const ndjson = await get('/v1/segments/gold/members?format=ndjson').buffer(true).expect(200);
    expect(String(ndjson.text ?? ndjson.body).trim().split('\n').map((line) => JSON.parse(line).userId)).toEqual(['ada', 'cyd', 'a,"b"']);
    await get('/v1/segments/none/members?format=csv').expect(404);
    expect((await get('/v1/segments/everyone/members').expect(200)).body.data).toHaveLength(4);
  });

  it('streams more members than one page of the stream holds, each once', async () => {
    await t.db.raw(`insert into users (id, user_id, attributes, created_at)
      select nextval('user_id_seq'), 'u' || i, '{"plan": "gold"}', now() from generate_series(1, 10001) i`);
    expect((await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201)).body.size).toBe(10_003);
    const lines = (await get('/v1/segments/gold/members?format=csv').expect(200)).text.trim().split('\n').slice(1);
    expect(new Set(lines).size).toBe(10_003);
  });

  it('moves members in one step when the rule changes, and keeps the history of it', async () => {
    await post('/v1/segments', { key: 'plan', name: 'Plan', rule: GOLD }).expect(201);
    t.clock.advance({ days: 1 });
    const silver = { attribute: 'plan', op: 'eq', value: 'silver' };
    const changed = await t.http.patch('/v1/segments/plan').set(marketer()).send({ rule: silver, name: 'Silver' }).expect(200);
    expect(changed.body).toMatchObject({ name: 'Silver', rule: silver, size: 1 });
    expect((await get('/v1/users/ben/segments').expect(200)).body.data).toEqual([{ key: 'plan', name: 'Silver', enteredAt: t.clock.now().toISOString() }]);
    expect((await get('/v1/users/ada/segments').expect(200)).body.data).toEqual([]);
    const history = await get('/v1/segments/plan/history?from=2026-03-01T00:00:00Z').expect(200);
    expect(history.body.data).toEqual([
      { date: '2026-03-01', entered: 0, exited: 0 }, { date: '2026-03-02', entered: 2, exited: 0 }, { date: '2026-03-03', entered: 1, exited: 2 },
    ]);
    expect(await t.db.raw('select distinct cause, entered from segment_changes order by cause, entered')).toEqual([
      { cause: 'created', entered: true }, { cause: 'rule_edited', entered: false }, { cause: 'rule_edited', entered: true },
    ]);
  });

  it('follows attributes and the passing of time by its loop', async () => {
    await post('/v1/segments', { key: 'new', name: 'New', rule: { attribute: '$createdAt', op: 'withinLast', value: 'P7D' } }).expect(201);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    await t.db.raw(`update users set attributes = '{"plan": "gold"}' where user_id = 'ben'`);
    await t.loop('segments');
    expect((await get('/v1/segments/gold').expect(200)).body).toMatchObject({ size: 3, lagMs: 0 });
    t.clock.advance({ days: 6, hours: 23 });
    await t.loop('segments');
    await t.loop('segment-rebuilds');
    expect((await get('/v1/segments/new')).body.size).toBe(3);
    t.clock.advance({ hours: 1 });
    expect((await get('/v1/segments/new')).body.lagMs).toBe(3_600_000);
    await t.loop('segments');
    expect((await get('/v1/segments/new')).body).toMatchObject({ size: 0, lagMs: 0 });
  });

  it('previews exactly, with reach by consent, device and suppression, and writes nothing', async () => {
    await t.db.raw(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
      select sha256(user_id::bytea), user_id, id, 'ios', case when user_id = 'cyd' then 'denied' end, $1::timestamptz - interval '30 days' from users`, [t.clock.now()]);
    // xmin is the transaction that wrote a row last: nothing in these tables may be written, not even with the same values.
    const written = () => t.db.raw(`select (select count(*) from segment_changes) as changes, (select count(*) from segment_members) as members,
      (select count(*) from segments) as segments, (select array_agg(xmin::text order by id) from users) as users`);
    const before = await written();
    expect((await post('/v1/segments/preview', { rule: GOLD }).expect(200)).body).toEqual({ size: 2, reachable: { push: 1, email: 1 }, sample: ['ada', 'cyd'] });
    expect((await get('/v1/segments').expect(200)).body.data).toEqual([]);
    expect(await written()).toEqual(before);
    t.clock.advance({ seconds: 1 });
    expect((await post('/v1/segments/preview', { rule: GOLD }).expect(200)).body.reachable.push).toBe(0);
    await t.db.raw(`insert into subscriptions (user_id, channel, state, occurred_at) select id, 'email', 'unsubscribed', now() from users where user_id = 'ada'`);
    expect((await post('/v1/segments/preview', { rule: GOLD }).expect(200)).body.reachable).toEqual({ push: 0, email: 0 });
  });

  it('keeps a static list, counting what changed and naming the unknown', async () => {
    await post('/v1/segments', { key: 'staff', name: 'Staff', static: true }).expect(201);
    expect((await post('/v1/segments/staff/members', { add: ['ada', 'zoe', 'ben', 'ada'] }).expect(200)).body).toEqual({ added: 2, removed: 0, unknown: ['zoe'] });
    expect((await post('/v1/segments/staff/members', { add: ['ada'], remove: ['ben', 'cyd'] }).expect(200)).body).toEqual({ added: 0, removed: 1, unknown: [] });
    expect((await get('/v1/segments/staff').expect(200)).body).toMatchObject({ static: true, rule: null, size: 1 });
    await post('/v1/segments', { key: 'gold-staff', name: 'Both', rule: { all: [{ segment: 'staff' }, GOLD] } }).expect(201);
    expect((await get('/v1/segments/gold-staff')).body.size).toBe(1);
    await t.loop('segments');
    expect((await get('/v1/segments/staff')).body.size).toBe(1);
  });

  it('refuses a bad change of members with the path of each bad id', async () => {
    await post('/v1/segments', { key: 'staff', name: 'Staff', static: true }).expect(201);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    const paths = (body: { errors: { path: string }[] }): string[] => body.errors.map((error) => error.path);
    expect(paths((await post('/v1/segments/staff/members', { add: ['ada', 5, ''], remove: ['ada'] }).expect(400)).body)).toEqual(['add[1]', 'add[2]', 'remove[0]']);
    expect(paths((await post('/v1/segments/staff/members', {}).expect(400)).body)).toEqual(['add']);
    expect(paths((await post('/v1/segments/staff/members', { add: 'ada', more: 1 }).expect(400)).body).sort()).toEqual(['add', 'more']);
    await post('/v1/segments/staff/members', { add: Array.from({ length: 10_001 }, (_, i) => `u${i}`) }).expect(400);
    await post('/v1/segments/gold/members', { add: ['ada'] }).expect(409);
    await post('/v1/segments/none/members', { add: ['ada'] }).expect(404);
  });

  it('names every mistake of a rule, a segment that is not there and a circle', async () => {
    const errorsOf = async (body: object, status = 400): Promise<string[]> =>
      ((await post('/v1/segments', body).expect(status)).body.errors as { path: string }[]).map((error) => error.path);
    expect(await errorsOf({ key: 'x', name: 'X', rule: { all: [{ attribute: 'a', op: 'like', value: 1 }, { event: 'e', within: 'P1M', colour: 1 }] } }))
      .toEqual(['rule.all[0].op', 'rule.all[1].colour', 'rule.all[1].within']);
    expect(await errorsOf({ key: 'X Y', name: '', rule: [] })).toEqual(['key', 'name', 'rule']);
    expect(await errorsOf({ key: 'x', name: 'X' })).toEqual(['rule']);
    expect(await errorsOf({ key: 'x', name: 'X', static: true, rule: GOLD })).toEqual(['rule']);
    expect(await errorsOf({ key: 'x', name: 'X', rule: { any: [GOLD, { not: { segment: 'nope' } }] } })).toEqual(['rule.any[1].not.segment']);
    await post('/v1/segments', { key: 'inner', name: 'Inner', rule: GOLD }).expect(201);
    await post('/v1/segments', { key: 'outer', name: 'Outer', rule: { segment: 'inner' } }).expect(201);
    const circle = await t.http.patch('/v1/segments/inner').set(marketer()).send({ rule: { all: [GOLD, { segment: 'outer' }] } }).expect(400);
    expect(circle.body.errors).toEqual([{ path: 'rule.all[1].segment', message: 'the segments name each other in a circle: inner → outer → inner' }]);
    expect((await get('/v1/segments/inner')).body.rule).toEqual(GOLD);
  });

  it('refuses rules that name rules until nobody could run them', async () => {
    const many = (key: string) => ({ any: Array.from({ length: 50 }, () => ({ segment: key })) });
    await post('/v1/segments', { key: 'a', name: 'A', rule: GOLD }).expect(201);
    await post('/v1/segments', { key: 'b', name: 'B', rule: many('a') }).expect(201);
    await post('/v1/segments', { key: 'c', name: 'C', rule: many('b') }).expect(400);
    await post('/v1/segments', { key: 'c', name: 'C', rule: { any: Array.from({ length: 4 }, () => ({ segment: 'b' })) } }).expect(201);
    const grown = await t.http.patch('/v1/segments/a').set(marketer()).send({ rule: { any: Array.from({ length: 4 }, () => GOLD) } }).expect(400);
    expect(grown.body.errors[0]).toMatchObject({ path: 'rule', message: expect.stringContaining('breaks the segment c') });
  });

  it('says what a segment is used by instead of deleting it', async () => {
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    await post('/v1/segments', { key: 'outer', name: 'Outer', rule: { not: { segment: 'gold' } } }).expect(201);
    await t.db.raw(`insert into campaigns (name, channel, transactional, priority, definition, salt, status)
      values ('Spring', 'push', false, 50, '{"audience": {"include": ["everyone"], "exclude": ["gold"]}}', 's', 'draft')`);
    await t.db.raw(`insert into fatigue_policies (version, policy, created_by) values (1, '{"tiers": [{"segment": "gold", "caps": {}}]}', 'test')`);
    const used = await t.http.delete('/v1/segments/gold').set(marketer()).expect(409);
    expect(used.body.detail).toMatch(/campaign 1 \(Spring\).*segment outer.*tiers of the fatigue policy/);
    await t.db.raw(`update campaigns set status = 'completed'`);
    await t.db.raw(`insert into fatigue_policies (version, policy, created_by) values (2, '{}', 'test')`);
    await t.http.delete('/v1/segments/outer').set(marketer()).expect(204);
    await t.http.delete('/v1/segments/gold').set(marketer()).expect(204);
    await get('/v1/segments/gold').expect(404);
  });

  it('has everyone built in, and no second segment of a key', async () => {
    expect((await get('/v1/segments/everyone').expect(200)).body).toMatchObject({ key: 'everyone', builtIn: true, size: 3 });
    await post('/v1/segments', { key: 'everyone', name: 'E', rule: GOLD }).expect(409);
    await t.http.patch('/v1/segments/everyone').set(marketer()).send({ name: 'E' }).expect(409);
    await t.http.delete('/v1/segments/everyone').set(marketer()).expect(409);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(409);
    await post('/v1/segments', { key: 'nobody', name: 'Nobody', rule: { not: { segment: 'everyone' } } }).expect(201);
    expect((await get('/v1/segments?limit=1')).body).toMatchObject({ data: [{ key: 'gold' }], nextCursor: expect.any(String) });
  });

  it('lets analysts read and preview but not write', async () => {
    const analyst = auth(t.keys.analyst);
    await t.http.post('/v1/segments').set(analyst).send({ key: 'x', name: 'X', rule: GOLD }).expect(403);
    await t.http.post('/v1/segments/preview').set(analyst).send({ rule: GOLD }).expect(200);
    await t.http.post('/v1/segments/preview').set(auth(t.keys.app)).send({ rule: GOLD }).expect(403);
    await get('/v1/users/nobody/segments').expect(404);
    await get('/v1/segments/everyone/members?format=xml').expect(400);
  });

  it('builds a segment once when a worker and marketers build it at the same time', async () => {
    const worker = await startTestApp({ modules: [SettingsModule, ScoringModule, SegmentsModule], databaseUrl: t.databaseUrl, clock: t.clock });
    await t.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'u' || i, now() from generate_series(1, 5000) i`);
    await post('/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
    const patch = () => t.http.patch('/v1/segments/gold').set(marketer()).send({ rule: GOLD }).expect(200);
    for (const plan of ['gold', 'silver', 'gold', 'silver', 'gold']) {
      await t.db.raw(`update users set attributes = jsonb_build_object('plan', $1::text)`, [plan]);
      await Promise.all([worker.loop('segments'), patch(), patch()]).catch(async (error: unknown) => {
        await worker.close();
        throw error;
      });
    }
    await worker.close();
    expect(await t.db.raw('select entered, count(*)::int as n from segment_changes group by entered order by entered')).toEqual([
      { entered: false, n: 2 * 5_003 }, { entered: true, n: 3 * 5_003 },
    ]);
  });

  it('adds a user once when lists of the same users come at the same time', async () => {
    await post('/v1/segments', { key: 'staff', name: 'Staff', static: true }).expect(201);
    const change = (body: object) => post('/v1/segments/staff/members', body).expect(200);
    const answers = await Promise.all([change({ add: ['ada', 'ben'] }), change({ add: ['ben', 'ada'] }), change({ add: ['cyd', 'ada'] })]);
    expect(answers.reduce((sum, { body }) => sum + body.added, 0)).toBe(3);
    expect((await get('/v1/segments/staff')).body.size).toBe(3);
  });
});
