import { MessageIds } from '../../src/planning/index.js';
import { auth, type TestApp } from '../support/test-app.js';
import { createCampaign, createPushTemplate, launch } from './campaigns.js';
import { LedgerFactory, type CampaignOptions, type DeliveryOptions } from './ledger.js';
import { insertReachableUsers } from './people.js';

/** One POST that does something, and everything it needs is there. */
export interface Post {
  path: string;
  body: object;
  key: string;
}

type Make = (t: TestApp, n: number) => Promise<Post>;

const RULE = { attribute: 'plan', op: 'eq', value: 'gold' };

const draft = async (t: TestApp): Promise<string> => createCampaign(t, { name: 'Draft' });

/** A verb of a campaign that has come as far as it must for it. */
function verb(name: string, body: object, ...before: string[]): Make {
  return async (t) => {
    const id = await draft(t);
    for (const step of before) await t.http.post(`/v1/campaigns/${id}/${step}`).set(auth(t.keys.marketer)).send({}).expect(200);
    return { path: `/v1/campaigns/${id}/${name}`, body, key: t.keys.marketer };
  };
}

/** The id of one settled message of a user of its own. */
async function message(t: TestApp, n: number, campaign: CampaignOptions, delivery: DeliveryOptions): Promise<string> {
  const ledger = new LedgerFactory(t.db);
  const at = t.clock.now().toISOString();
  const user = await ledger.user(`addressee-${n}`, { email: `addressee-${n}@example.org` });
  return t.app.get(MessageIds).encode(await ledger.delivery(await ledger.campaign({ ...campaign, runAt: at }), user, { ...delivery, at }));
}

async function failedImport(t: TestApp): Promise<Post> {
  const { id } = (await t.http.post('/v1/imports').set(auth(t.keys.ingest)).send({ type: 'users', format: 'ndjson' }).expect(201)).body as { id: string };
  await t.http.put(`/v1/imports/${id}/file`).set(auth(t.keys.ingest)).set('Content-Type', 'application/x-ndjson').send('{"userId":"imported"}\n').expect(202);
  await t.db.raw(`update jobs set status = 'failed', error = 'for a test' where id = $1`, [id]);
  return { path: `/v1/imports/${id}/resume`, body: {}, key: t.keys.ingest };
}

/** Every POST of the API by its path in the OpenAPI document, the public pages apart: these carry no caller and so no key. */
export const POSTS: Record<string, Make> = {
  '/v1/users/batch': async (t, n) => ({
    path: '/v1/users/batch', key: t.keys.ingest,
    body: { users: [{ userId: `batch-${n}`, email: `batch-${n}@example.org`, attributes: { plan: 'gold' }, devices: [{ token: `batch-token-${n}`, platform: 'ios' }] }] },
  }),
  '/v1/users/{userId}/token': async (t, n) => ({ path: `/v1/users/minted-${n}/token`, key: t.keys.ingest, body: {} }),
  '/v1/devices/detach': async (t, n) => {
    await t.http.put(`/v1/users/detacher-${n}/devices`).set(auth(t.keys.ingest)).send({ token: `detached-${n}`, platform: 'android' }).expect(200);
    return { path: '/v1/devices/detach', key: t.keys.app, body: { token: `detached-${n}` } };
  },
  '/v1/suppressions': async (t, n) => ({ path: '/v1/suppressions', key: t.keys.ingest, body: { add: [{ email: `no-${n}@example.org`, reason: 'asked' }] } }),
  '/v1/events': async (t, n) => ({
    path: '/v1/events', key: t.keys.ingest, body: { events: [{ eventId: `e-${n}`, userId: `buyer-${n}`, name: 'purchase', value: 5, occurredAt: t.clock.now().toISOString() }] },
  }),
  '/v1/scores/refresh': async (t) => ({ path: '/v1/scores/refresh', key: t.keys.marketer, body: {} }),
  '/v1/segments': async (t, n) => ({ path: '/v1/segments', key: t.keys.marketer, body: { key: `gold-${n}`, name: 'Gold', rule: RULE } }),
  '/v1/segments/preview': async (t) => ({ path: '/v1/segments/preview', key: t.keys.marketer, body: { rule: RULE } }),
  '/v1/segments/{key}/members': async (t, n) => {
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: `list-${n}`, name: 'List', static: true }).expect(201);
    return { path: `/v1/segments/list-${n}/members`, key: t.keys.marketer, body: { add: ['u-0', 'nobody'] } };
  },
  '/v1/imports': async (t) => ({ path: '/v1/imports', key: t.keys.ingest, body: { type: 'users', format: 'csv' } }),
  '/v1/imports/{id}/resume': failedImport,
  '/v1/templates': async (t, n) => ({
    path: '/v1/templates', key: t.keys.marketer, body: { key: `made-${n}`, channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'You' } } },
  }),
  '/v1/templates/{key}/preview': async (t, n) => {
    await createPushTemplate(t, `shown-${n}`);
    return { path: `/v1/templates/shown-${n}/preview`, key: t.keys.marketer, body: { userId: 'u-0' } };
  },
  '/v1/campaigns': async (t, n) => ({
    path: '/v1/campaigns', key: t.keys.marketer,
    body: { name: `Made ${n}`, channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] }, schedule: { type: 'now' } },
  }),
  '/v1/campaigns/{id}/launch': verb('launch', {}),
  '/v1/campaigns/{id}/pause': verb('pause', {}, 'launch'),
  '/v1/campaigns/{id}/resume': verb('resume', {}, 'launch', 'pause'),
  '/v1/campaigns/{id}/cancel': verb('cancel', {}, 'launch'),
  '/v1/campaigns/{id}/duplicate': verb('duplicate', {}),
  '/v1/campaigns/{id}/simulate': verb('simulate', {}),
  '/v1/campaigns/{id}/test': verb('test', { userIds: ['u-0'] }),
  '/v1/dead-letters/replay': async (t, n) => ({
    path: '/v1/dead-letters/replay', key: t.keys.marketer,
    body: { messageIds: [await message(t, n, { topic: 'promo', status: 'completed' }, { state: 'failed', reason: 'provider_rejected' })] },
  }),
  '/v1/stop': async (t, n) => ({ path: '/v1/stop', key: t.adminKey, body: { reason: `test ${n}` } }),
  '/v1/start': async (t) => {
    await t.http.post('/v1/stop').set(auth(t.adminKey)).send({ reason: 'test' }).expect(200);
    return { path: '/v1/start', key: t.adminKey, body: {} };
  },
  '/v1/messages/{messageId}/events': async (t, n) => ({
    path: `/v1/messages/${await message(t, n, { topic: 'promo' }, {})}/events`, key: t.keys.app, body: { type: 'opened', occurredAt: t.clock.now().toISOString() },
  }),
  '/v1/messages/events': async (t, n) => ({
    path: '/v1/messages/events', key: t.keys.app,
    body: { events: [{ messageId: await message(t, n, { topic: 'promo' }, {}), type: 'opened', occurredAt: t.clock.now().toISOString() }] },
  }),
  '/v1/providers/email/events': async (t, n) => ({
    path: '/v1/providers/email/events', key: t.keys.ingest,
    body: { events: [{ messageId: await message(t, n, { topic: 'promo', channel: 'email' }, {}), type: 'bounce', hard: true, occurredAt: t.clock.now().toISOString() }] },
  }),
  '/v1/keys': async (t, n) => ({ path: '/v1/keys', key: t.adminKey, body: { name: `made ${n}`, scope: 'app' } }),
};

/** The pages behind a signed link: whoever holds it is the person, and a hundred times are as good as once. */
export const PUBLIC_POSTS = ['/preferences/{token}', '/u/{token}'];

/** What the posts above take for granted beside the catalogue. */
export async function preparePosts(t: TestApp): Promise<void> {
  await insertReachableUsers(t.db, 3, 'u', t.clock.now());
  await launch(t, await draft(t));
}
