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

it('at an instant that has passed counts what had been decided by then, as the user’s fatigue does', async () => {
  await t.db.transaction((tx) => tx.raw('truncate campaigns, deliveries, chunks, slices cascade'));
  t.clock.set('2026-04-01T12:00:00Z');
  await t.db.raw(`update devices set last_seen_at = '2026-04-01T00:00:00Z'`);
  await putPolicy(t, { ...cap(1), minimumGap: [{ channel: 'push', duration: 'PT4H' }] });
  const taker = await launched();
  t.clock.set('2026-04-01T13:00:00Z');
  await t.loop('sender');
  expect((await explain(taker)).outcome).toBe('sent');
  t.clock.set('2026-04-01T20:00:00Z');
  const draft = await createCampaign(t, {});
  const at = async (time: string) => {
    const instant = `2026-04-01T${time}:00Z`;
    const told = (await t.http.get(`/v1/campaigns/${draft}/explain?userId=p-0&at=${instant}`).set(auth(t.keys.marketer)).expect(200)).body;
    const fatigue = (await t.http.get(`/v1/users/p-0/fatigue?at=${instant}`).set(auth(t.keys.marketer)).expect(200)).body;
    expect(told.counters).toEqual(fatigue.caps);
    return [told.outcome, told.reason, told.counters[0].used, told.counters[0].freeAt?.slice(5, 16), fatigue.nextEligibleAt.push.slice(5, 16)];
  };
  expect(await at('11:59')).toEqual(['would_send', undefined, 0, undefined, '04-01T11:59']);
  // Unsettled until 13:00: it counts in every window.
  expect(await at('12:30')).toEqual(['suppressed', 'minimum_gap', 1, '04-02T12:30', '04-02T12:30']);
  expect(await at('13:30')).toEqual(['suppressed', 'minimum_gap', 1, '04-02T13:00', '04-02T13:00']);
  expect(await at('17:00')).toEqual(['suppressed', 'frequency_cap', 1, '04-02T13:00', '04-02T13:00']);
});

describe('an instant far away', () => {
  const ask = async (path: string, status: number) => {
    await putPolicy(t, { caps: [{ key: 'week', channel: 'any', limit: 1, window: { type: 'calendar', unit: 'week', timezone: 'user' } }], minimumGap: [{ channel: 'any', duration: 'P366D' }] });
    return (await t.http.get(path).set(auth(t.keys.marketer)).expect(status)).body;
  };
  const paths = async (at: string) => [`/v1/campaigns/${await createCampaign(t, {})}/explain?userId=p-0&at=${at}`, `/v1/users/p-0/fatigue?at=${at}`];

  it.each(['1970-01-01T00:00:00Z', '2016-12-31T23:59:60Z', '2099-12-30T23:59:59.999Z'])('%s is answered', async (at) => {
    for (const path of await paths(at)) await ask(path, 200);
  });

  it.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '2099-12-31T00:00:00Z', '9999-12-31T23:59:59Z'])('%s is refused by name, where it was a fault or told of a day that cannot be', async (at) => {
    for (const path of await paths(at)) expect((await ask(path, 400)).errors.map((error: { path: string }) => error.path)).toEqual(['at']);
  });
});
