import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const cap = (limit: number) => ({ caps: [{ key: 'day', channel: 'push', limit, window: { type: 'rolling', duration: 'PT24H' } }] });

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await prepareCatalogue(t);
  await insertReachableUsers(t.db, 1, 'p', t.clock.now());
});
afterAll(() => t?.close());

const launched = async (): Promise<string> => {
  const id = await createCampaign(t, {});
  await launch(t, id);
  await t.loop('planner');
  return id;
};
const explain = async (id: string) => (await t.http.get(`/v1/campaigns/${id}/explain?userId=p-0`).set(auth(t.keys.marketer)).expect(200)).body;

it('counters of a recorded decision are those that it was made by, whatever the policy and the ledger have become', async () => {
  await putPolicy(t, cap(1));
  const taker = await launched();
  t.clock.advance({ minutes: 1 });
  const held = await launched();
  t.clock.advance({ hours: 1 });
  await t.loop('sender');
  await putPolicy(t, cap(5));
  const later = await launched();
  const told = await explain(held);
  expect(told).toMatchObject({ outcome: 'suppressed', reason: 'frequency_cap', policyVersion: 1, decidedAt: '2026-03-02T12:01:00.000Z' });
  // Unsettled then, though sent since; and nothing of what was decided later.
  expect(told.counters).toEqual([expect.objectContaining({ key: 'day', limit: 1, used: 1, remaining: 0, freeAt: '2026-03-03T12:01:00.000Z' })]);
  expect(told.counters[0].messages).toHaveLength(1);
  expect((await explain(taker)).counters).toEqual([expect.objectContaining({ limit: 1, used: 0, messages: [] })]);
  expect((await explain(later)).counters).toEqual([expect.objectContaining({ limit: 5, used: 1, messages: told.counters[0].messages })]);
});
