import type { Test } from 'supertest';
import { CampaignsModule } from '../../src/campaigns/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

/** A body with nothing but what is required. */
export const BODY = {
  name: 'Win back', channel: 'push', topic: 'promo', template: 'winback', audience: { include: ['everyone'] }, schedule: { type: 'now' },
};
/** What it becomes. */
export const DEFINITION = {
  name: 'Win back', channel: 'push', topic: 'promo', class: 'marketing', tags: [], audience: { include: ['everyone'], exclude: [] },
  variants: [{ key: 'a', template: 'winback', weight: 1 }], holdout: 0, priority: 50, reserve: false, ignoreCaps: false,
  schedule: { type: 'now' }, onFatigue: 'drop', expiresAfter: 'PT24H', onDoubt: 'skip', worth: false,
};

export interface CampaignsUnderTest extends TestApp {
  create(body?: object): Promise<{ id: string } & Record<string, unknown>>;
  post(path: string, body?: object): Test;
  patch(id: string, body: unknown): Test;
  read(id: string): Promise<Record<string, unknown>>;
}

export async function startCampaigns(): Promise<CampaignsUnderTest> {
  const test = await startTestApp({ modules: [CampaignsModule] });
  await seed(test);
  const marketer = auth(test.keys.marketer);
  const post = (path: string, body?: object): Test => test.http.post(`/v1/campaigns${path}`).set(marketer).send(body);
  return Object.assign(test, {
    post,
    create: async (body: object = {}) => (await post('', { ...BODY, ...body }).expect(201)).body,
    patch: (id: string, body: unknown) => test.http.patch(`/v1/campaigns/${id}`).set(marketer).send(body as object),
    read: async (id: string) => (await test.http.get(`/v1/campaigns/${id}`).set(marketer).expect(200)).body,
  });
}

/** As new: no campaign, the clock at its start, and all that the bodies name. */
export async function reset(test: CampaignsUnderTest): Promise<void> {
  await test.db.raw('truncate campaigns, deliveries, topics, segments, templates, idempotency_keys cascade');
  test.clock.set('2026-03-02T12:00:00Z');
  await seed(test);
}

async function seed(test: TestApp): Promise<void> {
  await test.db.raw(`insert into topics (key, name) values ('promo', '{}'), ('news', '{}')`);
  await test.db.raw(`insert into segments (key, name, static) values ('at-risk', 'At risk', true), ('staff', 'Staff', true)`);
  await test.db.raw(`insert into templates (key, channel, version) values ('winback', 'push', 3), ('winback-2', 'push', 1), ('letter', 'email', 1)`);
}
