import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { mutateSql } from '../support/mutated-sql.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const GOLD = { attribute: 'plan', op: 'eq', value: 'gold' };
const SILVER = { attribute: 'plan', op: 'eq', value: 'silver' };

let t: TestApp;
let slowness: { undo: () => void } | undefined;
beforeEach(async () => {
  t = await startTestApp({ modules: [SettingsModule, ScoringModule, SegmentsModule] });
  await t.db.raw(`insert into users (id, user_id, attributes, created_at) values (1, 'ada', '{"plan": "gold"}', now()), (2, 'ben', '{"plan": "silver"}', now())`);
});
afterEach(async () => {
  slowness?.undo();
  slowness = undefined;
  await t.close();
});

/** Every rule takes a minute for each user, and a statement may take 50 ms: the real time-out of the real server. */
function slow(): void {
  slowness = mutateSql((sql) => sql
    .replace('from users u where', 'from users u where pg_sleep(60) is not null and')
    .replace(`set_config('statement_timeout', $1, true)`, `set_config('statement_timeout', left($1::text, 0) || '50ms', true)`));
}

const send = (method: 'post' | 'patch', path: string, body: object) => t.http[method](path).set(auth(t.keys.marketer)).send(body);
const TOO_SLOW = { status: 503, title: expect.any(String), detail: 'Evaluating the rule over all users took longer than it may.', requestId: expect.any(String) };

it('a preview that takes too long is a 503 that says so, and the connection serves the next', async () => {
  slow();
  const told = await send('post', '/v1/segments/preview', { rule: GOLD }).expect(503).expect('Content-Type', /application\/problem\+json/);
  expect(told.body).toMatchObject(TOO_SLOW);
  slowness!.undo();
  for (let i = 0; i < 12; i++) expect((await send('post', '/v1/segments/preview', { rule: GOLD }).expect(200)).body.size).toBe(1);
});

it('a segment that takes too long to build is not made', async () => {
  slow();
  expect((await send('post', '/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(503)).body).toMatchObject(TOO_SLOW);
  slowness!.undo();
  await t.http.get('/v1/segments/gold').set(auth(t.keys.analyst)).expect(404);
  await send('post', '/v1/segments', { key: 'gold', name: 'Gold', rule: GOLD }).expect(201);
});

it('an edit that takes too long keeps rule and members', async () => {
  await send('post', '/v1/segments', { key: 'plan', name: 'Plan', rule: GOLD }).expect(201);
  slow();
  expect((await send('patch', '/v1/segments/plan', { rule: SILVER }).expect(503)).body).toMatchObject(TOO_SLOW);
  slowness!.undo();
  expect((await t.http.get('/v1/segments/plan').set(auth(t.keys.analyst)).expect(200)).body).toMatchObject({ rule: GOLD, size: 1 });
});

it('a rebuild that takes too long keeps the members, holds up nothing and is tried again', async () => {
  await send('post', '/v1/segments', { key: 'plan', name: 'Plan', rule: GOLD }).expect(201);
  slow();
  await t.loop('segment-rebuilds');
  await t.loop('segments');
  slowness!.undo();
  const asked = async (): Promise<unknown> => (await t.db.raw<{ rebuild_cause: string | null }>('select rebuild_cause from segments'))[0]!.rebuild_cause;
  expect(await asked()).toBe('evaluated');
  await t.loop('segment-rebuilds');
  expect(await asked()).toBe('evaluated');
  t.clock.advance({ seconds: 30 });
  await t.loop('segment-rebuilds');
  expect(await asked()).toBe(null);
});
