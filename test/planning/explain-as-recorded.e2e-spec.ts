import { createCampaign, launch, prepareCatalogue, putPolicy } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const cap = (limit: number) => ({ caps: [{ key: 'day', channel: 'push', limit, window: { type: 'rolling', duration: 'PT24H' } }] });

interface Told {
  reason?: string;
  gates: { gate: string; passed: boolean; detail: string; recomputed: boolean }[];
  counters: { limit: number; used: number; remaining: number; freeAt: string | null; messages: string[] }[];
}

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await prepareCatalogue(t);
  await insertReachableUsers(t.db, 1, 'p', t.clock.now());
});
afterAll(() => t?.close());
beforeEach(async () => {
  await t.db.raw('truncate campaigns, deliveries, chunks, slices cascade');
  t.clock.set('2026-03-02T12:00:00Z');
});

const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).send({}).expect(200);
const explain = async (id: string): Promise<Told> => (await t.http.get(`/v1/campaigns/${id}/explain?userId=p-0`).set(auth(t.keys.marketer)).expect(200)).body;
const gate = (told: Told, name: string) => told.gates.find((each) => each.gate === name);
const message = async (id: string) => (await t.http.get(`/v1/users/p-0/messages?campaignId=${id}`).set(auth(t.keys.marketer)).expect(200)).body[0].messageId as string;

const launched = async (overrides: Record<string, unknown> = {}) => {
  const id = await createCampaign(t, overrides);
  await launch(t, id);
  return id;
};
/** Launched and decided, a minute after whatever was decided before. */
const decided = async (overrides: Record<string, unknown> = {}) => {
  t.clock.advance({ minutes: 1 });
  const id = await launched(overrides);
  await t.loop('planner');
  return id;
};
const cancelled = async (...ids: string[]) => {
  for (const id of ids) await verb(id, 'cancel');
  t.clock.advance({ minutes: 1 });
  await t.loop('reaper');
  expect((await t.db.raw<{ n: number }>('select count(*)::integer as n from deliveries where campaign_id = any ($1) and counted_at is not null', [ids]))[0]!.n).toBe(0);
};

const givenBack = async (...ids: string[]) => {
  for (const id of ids) await verb(id, 'pause');
  t.clock.advance({ minutes: 16 });
  await t.loop('release-reservations');
};

/** A row that is deferred, and decided again after that of a higher campaign, or of an older one, has taken a slot: its own id is the lower. */
async function decidedAgain(limit: number, priority: number): Promise<{ again: string; rival: string }> {
  await putPolicy(t, cap(1));
  const older = priority === 50 ? await createCampaign(t, { priority }) : undefined;
  await decided();
  const again = await decided({ priority, onFatigue: 'defer', expiresAfter: 'P3D' });
  await t.loop('sender');
  t.clock.set('2026-03-04T12:00:00Z');
  await putPolicy(t, cap(limit));
  const rival = older ?? await createCampaign(t, { priority: 50 });
  await launch(t, rival);
  await t.loop('planner');
  return { again, rival };
}

describe('of a recorded decision explain counts', () => {
  it('what a higher campaign took before a deferred row was decided again, though its row is the younger', async () => {
    const { again, rival } = await decidedAgain(1, 10);
    const told = await explain(again);
    expect(told).toMatchObject({ outcome: 'deferred', reason: 'outranked', outrankedBy: { campaignId: rival } });
    expect(told.counters).toEqual([expect.objectContaining({ limit: 1, used: 1, remaining: 0, freeAt: '2026-03-05T12:00:00.000Z', messages: [await message(rival)] })]);
    expect((await explain(rival)).counters).toEqual([expect.objectContaining({ used: 0, messages: [] })]);
  });

  it.each([['a lower', 10], ['a younger', 50]])('nothing of what %s campaign got after it in the same pass, though its row is the older', async (_, priority) => {
    const { again, rival } = await decidedAgain(3, priority);
    expect(await explain(again)).toMatchObject({ outcome: 'queued', counters: [{ used: 1, messages: [await message(rival)] }] });
    expect(await explain(rival)).toMatchObject({ outcome: 'queued', counters: [{ used: 0, messages: [] }] });
  });

  it('a cancelled message: it was cancelled, whatever its expiry', async () => {
    const id = await decided();
    await cancelled(id);
    const told = await explain(id);
    expect([told.reason, told.gates.filter(({ passed }) => !passed)])
      .toEqual(['cancelled', [{ gate: 'expiry', passed: false, detail: 'the campaign was cancelled', recomputed: false }]]);
  });

  it('messages that have since been cancelled: the cap was full', async () => {
    await putPolicy(t, cap(2));
    const [first, second, held] = [await decided(), await decided(), await decided()];
    await cancelled(first, second);
    const told = await explain(held);
    expect(told.counters).toEqual([expect.objectContaining({ limit: 2, used: 2, remaining: 0, messages: expect.arrayContaining([await message(first), await message(second)]) })]);
    expect(gate(told, 'frequency_cap')).toEqual({ gate: 'frequency_cap', passed: false, recomputed: false, detail: 'the cap day has no free slot until 2026-03-03T12:03:00.000Z' });
    // What was decided after them sees them gone.
    expect((await explain(await decided())).counters).toEqual([expect.objectContaining({ used: 0, messages: [] })]);
  });

  it('nothing that held no slot: rows that were deferred, transactional and test messages', async () => {
    await putPolicy(t, cap(1));
    const [taker, waiting] = [await decided(), await decided({ onFatigue: 'defer', expiresAfter: 'P3D' })];
    await decided({ class: 'transactional' });
    await t.http.post(`/v1/campaigns/${taker}/test`).set(auth(t.keys.marketer)).send({ userIds: ['p-0'] }).expect(200);
    const held = await decided();
    await cancelled(taker, waiting);
    await t.loop('sender');
    const states = (await t.db.raw<{ state: string }>('select state from deliveries order by id')).map(({ state }) => state);
    expect(states).toEqual(['suppressed', 'suppressed', 'sent', 'sent', 'suppressed']);
    expect((await explain(held)).counters).toEqual([expect.objectContaining({ used: 1, messages: [await message(taker)] })]);
  });

  it('messages that paused campaigns have since given back', async () => {
    await putPolicy(t, cap(2));
    const [first, second, held] = [await decided(), await decided(), await decided()];
    await givenBack(first, second);
    expect((await explain(held)).counters).toEqual([expect.objectContaining({ used: 2, messages: expect.arrayContaining([await message(first), await message(second)]) })]);
  });

  it('messages that quiet hours have held back on their way since', async () => {
    await putPolicy(t, { ...cap(2), quietHours: [{ channel: 'push', start: '22:00', end: '08:00', days: ['mon'] }] });
    t.clock.set('2026-03-02T21:50:00Z');
    const [first, second, held] = [await decided({ onFatigue: 'defer' }), await decided({ onFatigue: 'defer' }), await decided()];
    t.clock.set('2026-03-02T22:00:00Z');
    await t.loop('sender');
    expect(await t.db.raw('select distinct state from deliveries where settled_at is not null')).toEqual([{ state: 'deferred' }]);
    expect((await explain(held)).counters).toEqual([expect.objectContaining({ used: 2, messages: expect.arrayContaining([await message(first), await message(second)]) })]);
  });

  it('the cap as full as it was, where what filled it has been decided again since: the message in the way is known, others are not', async () => {
    await putPolicy(t, cap(2));
    const [first, second, held] = [await decided({ expiresAfter: 'P3D' }), await decided({ expiresAfter: 'P3D' }), await decided()];
    await givenBack(first, second);
    for (const id of [first, second]) await verb(id, 'resume');
    await t.loop('planner');
    const told = await explain(held);
    expect(told.counters).toEqual([expect.objectContaining({ limit: 2, used: 2, remaining: 0, freeAt: '2026-03-03T12:03:00.000Z', messages: [await message(first)] })]);
    expect(gate(told, 'frequency_cap')).toMatchObject({ passed: false, detail: 'the cap day has no free slot until 2026-03-03T12:03:00.000Z' });
  });

  it('by the limit that held the row back, where the user has come into a tier since', async () => {
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'loyal', name: 'Loyal', static: true }).expect(201);
    await putPolicy(t, { ...cap(1), tiers: [{ segment: 'loyal', caps: { day: 3 } }] });
    const [taker, held] = [await decided(), await decided()];
    await t.http.post('/v1/segments/loyal/members').set(auth(t.keys.marketer)).send({ add: ['p-0'] }).expect(200);
    expect((await explain(held)).counters).toEqual([expect.objectContaining({ limit: 1, used: 1, remaining: 0, freeAt: '2026-03-03T12:02:00.000Z', messages: [await message(taker)] })]);
  });
});

describe('of an outranked row explain names the gate that stopped it', () => {
  it('the minimum gap, though what took the slot has been cancelled since', async () => {
    await putPolicy(t, { ...cap(9), minimumGap: [{ channel: 'push', duration: 'PT4H' }] });
    const [high, low] = [await launched({ priority: 60 }), await launched({ priority: 40 })];
    await t.loop('planner');
    await cancelled(high);
    const told = await explain(low);
    expect(told).toMatchObject({ reason: 'outranked', outrankedBy: { campaignId: high, messageId: await message(high) } });
    expect(told.gates.filter(({ passed }) => !passed)).toEqual([expect.objectContaining({ gate: 'minimum_gap', recomputed: false })]);
  });

  it('a reservation, where the cap itself has a slot', async () => {
    await putPolicy(t, cap(2));
    const holder = await launched({ priority: 90, reserve: true, schedule: { type: 'at', at: '2026-03-02T18:00:00Z' } });
    const [, low] = [await launched({ priority: 60 }), await launched({ priority: 40 })];
    await t.loop('planner');
    const told = await explain(low);
    expect(told).toMatchObject({ reason: 'outranked', outrankedBy: { campaignId: holder }, counters: [{ limit: 2, used: 1 }] });
    expect(told.gates.filter(({ passed }) => !passed)).toEqual([expect.objectContaining({ gate: 'reserved_for_priority', recomputed: false })]);
  });
});
