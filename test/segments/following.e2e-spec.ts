import { EventIngest, EventsModule } from '../../src/events/index.js';
import { ImportsModule } from '../../src/imports/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { Membership, SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const GOLD = { attribute: 'plan', op: 'eq', value: 'gold' };
const BUYERS = { event: 'purchase', within: 'P1D' };

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp({ modules: [SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule, ImportsModule] });
});
afterEach(() => t.close());

const make = (key: string, rule?: object) =>
  t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key, name: key, ...(rule ? { rule } : { static: true }) }).expect(201);
const edit = (key: string, rule: object) => t.http.patch(`/v1/segments/${key}`).set(auth(t.keys.marketer)).send({ rule }).expect(200);
const view = async (key: string) => (await t.http.get(`/v1/segments/${key}`).set(auth(t.keys.analyst)).expect(200)).body;
const users = (...given: object[]) => t.http.post('/v1/users/batch').set(auth(t.keys.ingest)).send({ users: given }).expect(200);
const purchase = (userId: string, eventId = userId) =>
  t.app.get(EventIngest).take([{ userId, eventId, name: 'purchase', occurredAt: t.clock.now().toISOString(), value: 5 }], { keyId: 'k', scope: 'admin' });
const membersOf = async (key: string): Promise<string[]> => (await t.db.raw<{ userId: string }>(
  `select u.user_id as "userId" from segment_members m join segments s on s.id = m.segment_id join users u on u.id = m.user_id where s.key = $1 order by 1`, [key]))
  .map(({ userId }) => userId);
const changes = async (key: string): Promise<string[]> => (await t.db.raw<{ told: string }>(`
  select coalesce(u.user_id, '?') || case when c.entered then ' in ' else ' out ' end || c.cause as told
  from segment_changes c join segments s on s.id = c.segment_id left join users u on u.id = c.user_id where s.key = $1 order by c.id`, [key])).map(({ told }) => told);
const idOf = async (key: string): Promise<string> => (await t.db.raw<{ id: string }>('select id from segments where key = $1', [key]))[0]!.id;
const waiting = async (): Promise<number> => (await t.db.raw<{ n: number }>('select count(*)::int as n from segment_marks'))[0]!.n;

describe('entries and exits have their cause', () => {
  it('an event, the window that runs out, the profile, a device', async () => {
    await make('buyers', BUYERS);
    await make('gold', GOLD);
    await make('reached', { reachable: 'push' });
    await t.loop('segment-rebuilds');
    await purchase('ada');
    await users({ userId: 'ada', attributes: { plan: 'gold' }, devices: [{ token: 'x'.repeat(40), platform: 'ios' }] });
    await t.loop('segments');
    expect(await view('buyers')).toMatchObject({ size: 1, lagMs: 0 });
    t.clock.advance({ hours: 24, ms: -1 });
    await t.loop('segments');
    expect(await membersOf('buyers')).toEqual(['ada']);
    t.clock.advance({ ms: 1 });
    await t.loop('segments');
    expect(await changes('buyers')).toEqual(['ada in event', 'ada out time']);
    await users({ userId: 'ada', attributes: { plan: null } });
    t.clock.advance({ days: 31 });
    await t.loop('segments');
    await t.loop('segment-rebuilds');
    expect(await changes('gold')).toEqual(['ada in profile', 'ada out profile']);
    expect(await changes('reached')).toEqual(['ada in reach', 'ada out time']);
    expect(await view('buyers')).toMatchObject({ size: 0 });
  });

  it('an import is no entry that a campaign may take', async () => {
    await make('gold', GOLD);
    await make('buyers', BUYERS);
    const load = async (type: string, file: string): Promise<void> => {
      const { body } = await t.http.post('/v1/imports').set(auth(t.keys.ingest)).send({ type, format: 'csv' }).expect(201);
      await t.http.put(`/v1/imports/${body.id}/file`).set({ ...auth(t.keys.ingest), 'content-type': 'text/csv' }).send(file).expect(202);
      await t.loop('imports');
    };
    await load('users', 'userId,attributes.plan\nada,gold\n');
    await load('transactions', `user,time,value,id\nada,${t.clock.now().toISOString()},5,1\n`);
    await t.loop('segments');
    expect([await changes('gold'), await changes('buyers')]).toEqual([['ada in imported'], ['ada in imported']]);
    // The same user also does something: that is an entry.
    await load('users', 'userId,attributes.plan\nben,gold\n');
    await users({ userId: 'ben', locale: 'de' });
    await t.loop('segments');
    expect(await changes('gold')).toEqual(['ada in imported', 'ben in profile']);
  });
});

describe('segments that name others', () => {
  it('follow the static list and the rule that they name', async () => {
    await users({ userId: 'ada', attributes: { plan: 'gold' } }, { userId: 'ben' });
    await make('staff');
    await make('inner', GOLD);
    await make('outer', { any: [{ segment: 'staff' }, { segment: 'inner' }] });
    await t.http.post('/v1/segments/staff/members').set(auth(t.keys.marketer)).send({ add: ['ben'] }).expect(200);
    await t.loop('segments');
    expect(await membersOf('outer')).toEqual(['ada', 'ben']);
    await edit('inner', { not: GOLD });
    await t.loop('segments');
    await t.loop('segment-rebuilds');
    expect(await membersOf('outer')).toEqual(['ben']);
    expect(await changes('outer')).toEqual(['ada in created', 'ben in segment', 'ada out rule_edited']);
  });
});

describe('what concerns everybody', () => {
  it('settings, new priors and a dropped month have segments that read them evaluated whole', async () => {
    await users({ userId: 'ada', devices: [{ token: 'x'.repeat(40), platform: 'ios' }] });
    await make('reached', { reachable: 'push' });
    await make('gold', GOLD);
    await make('open', { score: 'engagement.push.openRate', op: 'gt', value: 0.5 });
    await make('plain', { event: 'view', where: [{ property: 'x', op: 'exists' }] });
    await t.loop('segment-rebuilds');
    const asked = async (): Promise<string[]> => {
      await t.loop('segments');
      return (await t.db.raw<{ told: string }>(`select key || ' ' || rebuild_cause as told from segments where rebuild_cause is not null order by key`)).map(({ told }) => told);
    };
    expect(await asked()).toEqual([]);
    await t.http.patch('/v1/settings').set({ Authorization: `Bearer ${t.adminKey}` }).send({ consent: { push: 'optIn' } }).expect(200);
    expect(await asked()).toEqual(['reached settings']);
    await t.loop('segment-rebuilds');
    expect(await changes('reached')).toEqual(['ada in created', 'ada out settings']);
    await t.db.raw(`insert into score_refreshes (as_of, users) values (now(), 0)`);
    expect(await asked()).toEqual(['open score']);
    await t.db.raw(`insert into segment_marks (facet) values ('event')`);
    expect(await asked()).toEqual(['open score', 'plain event']);
  });

  it('more marks than following is worth become whole evaluations, and nobody is forgotten', async () => {
    await make('buyers', BUYERS);
    await make('gold', GOLD);
    await t.loop('segment-rebuilds');
    await purchase('ada');
    await t.db.raw(`insert into segment_marks (users, facet, name) select array_agg(-i), 'event', 'purchase' from generate_series(1, 120000) i group by i / 1000`);
    await t.loop('segments');
    expect(await waiting()).toBe(0);
    expect(await t.db.raw('select key, rebuild_cause as cause from segments order by key')).toEqual([{ key: 'buyers', cause: 'event' }, { key: 'gold', cause: null }]);
    await t.loop('segment-rebuilds');
    expect(await membersOf('buyers')).toEqual(['ada']);
  });
});

describe('marks', () => {
  it('of two open transactions about the same people wait for nobody, in whatever order', async () => {
    await users({ userId: 'ada' }, { userId: 'ben' });
    const clients = await Promise.all([t.db.pool.connect(), t.db.pool.connect()]);
    try {
      for (const client of clients) await client.query(`begin; set local lock_timeout = '2s'`);
      const insert = (token: string, user: string): [string, string[]] => [
        `insert into devices (token_hash, token, user_id, platform, last_seen_at) select sha256($1::text::bytea), $1, id, 'ios', now() from users where user_id = $2`, [token, user]];
      await clients[0].query(...insert('1', 'ada'));
      await clients[1].query(...insert('2', 'ben'));
      await clients[0].query(...insert('3', 'ben'));
      await clients[1].query(...insert('4', 'ada'));
      for (const client of clients) await client.query('commit');
    } finally {
      for (const client of clients) client.release();
    }
    expect(await t.db.raw(`select sum(cardinality(users))::int as n from segment_marks where facet = 'device'`)).toEqual([{ n: 4 }]);
  });

  it('that commit late are followed late, not lost', async () => {
    await make('gold', GOLD);
    await users({ userId: 'ada' }, { userId: 'ben' });
    const client = await t.db.pool.connect();
    try {
      await client.query(`begin; update users set attributes = '{"plan": "gold"}' where user_id = 'ada'`);
      await users({ userId: 'ben', attributes: { plan: 'gold' } });
      await t.loop('segments');
      expect(await membersOf('gold')).toEqual(['ben']);
      await client.query('commit');
    } finally {
      client.release();
    }
    await t.loop('segments');
    expect(await membersOf('gold')).toEqual(['ada', 'ben']);
  });

  it('of a segment that somebody else is building come back for it, and hold up no other', async () => {
    await make('gold', GOLD);
    await make('buyers', BUYERS);
    const client = await t.db.pool.connect();
    try {
      await client.query(`begin; select pg_advisory_xact_lock(hashtextextended('segment ${await idOf('gold')}', 0))`);
      await users({ userId: 'ada', attributes: { plan: 'gold' } });
      await purchase('ada');
      const before = (await view('buyers')).computedAt;
      t.clock.advance({ seconds: 1 });
      await t.loop('segments');
      expect([await membersOf('gold'), await membersOf('buyers')]).toEqual([[], ['ada']]);
      // Nobody may believe that all is followed.
      expect((await view('gold')).computedAt).toBe(before);
      await client.query('commit');
    } finally {
      client.release();
    }
    await t.loop('segments');
    expect(await membersOf('gold')).toEqual(['ada']);
    expect(await view('gold')).toMatchObject({ lagMs: 0 });
  });

  it('that came while a segment was made are caught up with', async () => {
    await users({ userId: 'ada' });
    await make('gold', GOLD);
    // As it is when the mark was taken before the new segment was committed: no mark is left, and the membership is old.
    await users({ userId: 'ada', attributes: { plan: 'gold' } });
    await t.db.raw('delete from segment_marks');
    await t.loop('segments');
    expect(await membersOf('gold')).toEqual([]);
    await t.loop('segment-rebuilds');
    expect(await membersOf('gold')).toEqual(['ada']);
    expect(await t.db.raw('select rebuild_cause from segments')).toEqual([{ rebuild_cause: null }]);
  });
});

it('one segment that cannot be evaluated holds up no other and is evaluated whole later', async () => {
  await make('bad', { attribute: 'bad', op: 'eq', value: 'gold' });
  await make('gold', GOLD);
  await t.loop('segment-rebuilds');
  const bad = await idOf('bad');
  await users({ userId: 'ada', attributes: { plan: 'gold', bad: 'gold' } });
  await t.db.raw(`alter table segment_members add constraint no_bad check (segment_id <> ${bad})`);
  await t.loop('segments');
  expect([await membersOf('bad'), await membersOf('gold'), await waiting()]).toEqual([[], ['ada'], 0]);
  await t.db.raw('alter table segment_members drop constraint no_bad');
  await t.loop('segment-rebuilds');
  expect(await membersOf('bad')).toEqual(['ada']);
});

it('a person who is erased leaves the size of every list, and no turn', async () => {
  await make('buyers', BUYERS);
  await make('staff');
  await purchase('ada');
  await purchase('ben');
  await t.http.post('/v1/segments/staff/members').set(auth(t.keys.marketer)).send({ add: ['ada', 'ben'] }).expect(200);
  await t.loop('segments');
  expect([(await view('buyers')).size, (await view('staff')).size]).toEqual([2, 2]);
  await t.http.delete('/v1/users/ada').set({ Authorization: `Bearer ${t.adminKey}` }).expect((answer) => expect(answer.status).toBeLessThan(300));
  await t.loop('jobs');
  await t.loop('segments');
  expect([(await view('buyers')).size, (await view('staff')).size]).toEqual([1, 1]);
  expect(await t.db.raw('select count(*)::int as n from segment_turns')).toEqual([{ n: 1 }]);
});

describe('a comparison', () => {
  it('finds and mends what following missed, and takes nothing for drift that only waits', async () => {
    await make('gold', GOLD);
    await make('buyers', BUYERS);
    await t.loop('segment-rebuilds');
    await users({ userId: 'ada', attributes: { plan: 'gold' } });
    await purchase('ben');
    const membership = t.app.get(Membership);
    const reconcile = async (key: string): Promise<number> => membership.reconcile(await idOf(key), key);
    expect([await reconcile('gold'), await reconcile('buyers')]).toEqual([0, 0]);
    await t.loop('segments');
    t.clock.advance({ days: 1 });
    // The turn is due: that is no drift either, and the comparison does not take it away.
    expect([await reconcile('buyers'), await membersOf('buyers')]).toEqual([0, ['ben']]);
    await t.loop('segments');
    expect(await membersOf('buyers')).toEqual([]);
    await t.db.raw('alter table users disable trigger user');
    await users({ userId: 'ada', attributes: { plan: null } });
    await t.db.raw('alter table users enable trigger user');
    await t.loop('segments');
    expect(await reconcile('gold')).toBe(1);
    expect(await changes('gold')).toEqual(['ada in profile', 'ada out reconciled']);
    const scraped = await t.http.get('/metrics').expect(200);
    expect(scraped.text).toMatch(/^rapport_segment_drift 1$/m);
    expect(await reconcile('gold')).toBe(0);
    expect((await t.http.get('/metrics')).text).toMatch(/^rapport_segment_drift 0$/m);
  });

  it('comes by itself, each segment after six hours', async () => {
    await make('gold', GOLD);
    await t.loop('segment-rebuilds');
    const at = async (): Promise<Date> => (await t.db.raw<{ at: Date }>('select reconciled_at as at from segments'))[0]!.at;
    const made = await at();
    t.clock.advance({ hours: 6, ms: -1 });
    await t.loop('segment-reconciliation');
    expect(await at()).toEqual(made);
    t.clock.advance({ ms: 1 });
    await t.loop('segment-reconciliation');
    expect(await at()).toEqual(t.clock.now());
  });
});
