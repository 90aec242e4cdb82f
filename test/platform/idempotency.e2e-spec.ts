import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { openApi } from '../../src/http-app.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { armFaults, passesOf } from '../../src/platform/failpoints/index.js';
import { prepareCatalogue } from '../factories/campaigns.js';
import { POSTS, preparePosts, PUBLIC_POSTS, type Post } from '../factories/posts.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'rapport-posts-'));
const LOST_BEFORE_COMMIT = 'committing/keep-idempotent-answer';
const LOST_AFTER_COMMIT = 'committed/keep-idempotent-answer';
let t: TestApp;
let n = 0;

beforeAll(async () => {
  t = await startTestApp({ env: { DATA_DIR } });
  await prepareCatalogue(t);
  await preparePosts(t);
});
afterEach(() => {
  armFaults([]);
  jest.restoreAllMocks();
});
afterAll(async () => {
  await t?.close();
  rmSync(DATA_DIR, { recursive: true, force: true });
});

const send = ({ path, body, key }: Post, idempotencyKey: string) => t.http.post(path).set(auth(key)).set('Idempotency-Key', idempotencyKey).send(body);

/** All that is stored, but for what a mere look changes and the kept answers themselves. */
async function everything(): Promise<Record<string, string>> {
  const tables = await t.db.raw<{ name: string }>(
    `select c.relname as name from pg_class as c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> 'idempotency_keys' order by 1`);
  const hashes = await t.db.raw<{ name: string; hash: string }>(tables.map(({ name }) =>
    `select '${name}' as name, md5(coalesce(string_agg((to_jsonb(x) - 'last_used_at')::text, '|' order by to_jsonb(x)::text), '')) as hash from ${name} as x`).join(' union all '));
  return Object.fromEntries(hashes.map(({ name, hash }) => [name, hash]));
}

/** One request under a key whose process dies at `point`, and what a repetition does then. */
async function afterFault(path: string, point: string) {
  const post = await POSTS[path]!(t, ++n);
  const key = `${path} ${n}`;
  const before = await everything();
  armFaults([{ name: point, nth: 1, action: 'throw' }]);
  const lost = await send(post, key);
  const struck = passesOf(point);
  armFaults([]);
  const between = await everything();
  const again = await send(post, key);
  const after = await everything();
  const third = await send(post, key);
  expect(struck).toBe(1);
  expect(lost.status).toBeGreaterThanOrEqual(500);
  expect(again.status).toBeLessThan(300);
  expect(third.text).toBe(again.text);
  expect(third.status).toBe(again.status);
  expect(third.headers['idempotent-replayed']).toBe('true');
  expect(await everything()).toEqual(after);
  return { before, between, after, replayed: again.headers['idempotent-replayed'] === 'true' };
}

describe('the answer of a POST commits with its work', () => {
  it('on every route of the API that has a caller', () => {
    const routes = Object.entries(openApi(t.app).paths).filter(([, item]) => item.post).map(([path]) => path);
    expect(routes.sort()).toEqual([...Object.keys(POSTS), ...PUBLIC_POSTS].sort());
  });

  it.each(Object.keys(POSTS))('%s: a process that dies after the commit leaves the work done and its answer kept', async (path) => {
    const { between, after, replayed } = await afterFault(path, LOST_AFTER_COMMIT);
    expect(replayed).toBe(true);
    expect(after).toEqual(between);
  });

  it.each(Object.keys(POSTS))('%s: a process that dies before the commit leaves nothing, and the key is free', async (path) => {
    const { before, between, replayed } = await afterFault(path, LOST_BEFORE_COMMIT);
    expect(replayed).toBe(false);
    expect(between).toEqual(before);
  });

  it('and without the unit of work the second look would find work without an answer', async () => {
    jest.spyOn(UnitOfWork, 'of').mockReturnValue(undefined);
    const { before, between } = await afterFault('/v1/campaigns', LOST_BEFORE_COMMIT);
    expect(between).not.toEqual(before);
  });

  it.each(['query.before', 'query.after'])('whichever statement of a request fails (%s), a repetition makes one campaign', async (point) => {
    for (let nth = 1; ; nth++) {
      const post = await POSTS['/v1/campaigns']!(t, ++n);
      armFaults([{ name: point, nth, action: 'throw' }]);
      const first = await send(post, `nth ${n}`);
      const struck = passesOf(point) >= nth;
      armFaults([]);
      const again = await send(post, `nth ${n}`);
      const made = await t.db.raw<{ id: string }>('select id::text as id from campaigns where name = $1', [(post.body as { name: string }).name]);
      expect({ nth, status: again.status, made }).toEqual({ nth, status: 201, made: [{ id: again.body.id }] });
      if (!struck) {
        expect(first.status).toBe(201);
        expect(nth).toBeGreaterThan(8);
        return;
      }
    }
  });

  it('a refusal that is kept leaves nothing of the work that came before it', async () => {
    const before = await everything();
    const post = { path: '/v1/campaigns/123456789/launch', body: {}, key: t.keys.marketer };
    await send(post, 'refused').expect(404);
    const again = await send(post, 'refused').expect(404).expect('content-type', /problem\+json/);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(await everything()).toEqual(before);
  });

  it('the key that POST /v1/keys shows once is in no column of the database, and is shown again under its Idempotency-Key', async () => {
    const post = { path: '/v1/keys', body: { name: 'secret', scope: 'analyst' }, key: t.adminKey };
    const first = await send(post, 'shown once').expect(201);
    const kept = await t.db.raw<{ body: string }>(`select body from idempotency_keys where key = 'shown once'`);
    expect(kept).toHaveLength(1);
    expect(kept[0]!.body).not.toContain(first.body.key);
    const again = await send(post, 'shown once').expect(201).expect('idempotent-replayed', 'true');
    expect(again.body).toEqual(first.body);
    await t.http.get('/v1/campaigns').set(auth(again.body.key)).expect(200);
  });

  it('two phones that share an app key may use the same Idempotency-Key', async () => {
    const subscribe = async (userId: string) => {
      const { body } = await t.http.post(`/v1/users/${userId}/token`).set(auth(t.keys.ingest)).expect(201);
      const events = [{ eventId: 'e1', userId, name: 'app_opened', occurredAt: '2026-01-01T00:00:00Z' }];
      return t.http.post('/v1/events').set({ ...auth(t.keys.app), 'X-User-Token': body.token }).set('Idempotency-Key', 'first').send({ events });
    };
    const answers = [await subscribe('phone-1'), await subscribe('phone-2')];
    expect(answers.map(({ status, body, headers }) => [status, body.accepted, headers['idempotent-replayed']])).toEqual([[200, 1, undefined], [200, 1, undefined]]);
  });

  it('more read-only requests under keys than the pool has connections all come to their answers', async () => {
    const posts = await Promise.all(Array.from({ length: 24 }, async () => POSTS['/v1/segments/preview']!(t, ++n)));
    const answers = await Promise.all(posts.map((post, i) => send(post, `many ${i}`)));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
  });
});
