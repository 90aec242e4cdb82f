import { auth, type TestApp } from '../support/test-app.js';

/** A push template under `key`, whose title is the same for everybody. */
export async function createPushTemplate(t: TestApp, key: string): Promise<void> {
  await t.http.post('/v1/templates').set(auth(t.keys.marketer))
    .send({ key, channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'There is something new.' } } })
    .expect(201);
}

/** A marketing push campaign to everyone, due now; `overrides` are the API's own fields. @returns its id, still a draft. */
export async function createCampaign(t: TestApp, overrides: Record<string, unknown>): Promise<string> {
  const body = {
    name: 'Campaign', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] },
    schedule: { type: 'now' }, ...overrides,
  };
  const answer = await t.http.post('/v1/campaigns').set(auth(t.keys.marketer)).send(body);
  if (answer.status !== 201) throw new Error(`campaign refused: ${JSON.stringify(answer.body)}`);
  return answer.body.id as string;
}

export async function launch(t: TestApp, id: string): Promise<void> {
  const answer = await t.http.post(`/v1/campaigns/${id}/launch`).set(auth(t.keys.marketer)).send({});
  if (answer.status !== 200) throw new Error(`launch refused: ${JSON.stringify(answer.body)}`);
}

/** Topic `promo` and template `hello`, which the other factories take for granted. */
export async function prepareCatalogue(t: TestApp): Promise<void> {
  await t.http.put('/v1/topics/promo').set(auth(t.keys.marketer)).send({ name: { en: 'Offers' } }).expect(200);
  await createPushTemplate(t, 'hello');
}

export async function putPolicy(t: TestApp, policy: Record<string, unknown>): Promise<void> {
  const answer = await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send(policy);
  if (answer.status !== 200) throw new Error(`policy refused: ${JSON.stringify(answer.body)}`);
}
