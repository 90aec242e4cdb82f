import fc from 'fast-check';
import { LOCK_BUDGET } from '../../src/planning/buckets.js';
import { BucketPass } from '../../src/planning/bucket-pass.js';
import { Scores, STATED_MODEL, patienceCurve, worthOf, type WorthModel } from '../../src/scoring/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const NOW = new Date('2026-03-11T12:00:00.000Z');
const BUCKET = 16_384;
const RUNS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 10);
const MODEL: WorthModel = { ...STATED_MODEL, eventValues: { purchase: 50 } };
const WORTH = { worth: true, conversion: { event: 'purchase', window: 'P3D' } };

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  t.clock.set(NOW);
  await prepareCatalogue(t);
  await t.db.raw(`select ensure_month_partition('deliveries', '2026-02-01')`);
  Object.assign(t.app.get(Scores), { worth: { model: MODEL, until: Infinity } });
});
afterAll(() => t?.close());
beforeEach(clear);

async function clear(): Promise<void> {
  await t.db.raw(`truncate users, devices, deliveries, chunks, slices, wave_buckets, waves, run_variants, runs, campaigns, message_facts, conversions,
    decision_worth, message_budgets restart identity cascade`);
  await t.db.raw(`select setval('user_id_seq', 1, false)`);
}

const budget = async (messageBudget: object): Promise<void> => {
  await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ messageBudget }).expect(200);
  t.clock.advance({ seconds: 2 }); // Settings are kept for a second.
};
const outcomes = async (id: string): Promise<Record<string, number>> => {
  const rows = await t.db.raw<{ outcome: string; n: number }>(
    'select coalesce(reason::text, state::text) as outcome, count(*)::integer as n from deliveries where campaign_id = $1 group by 1', [id]);
  return Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n]));
};
const get = async (path: string) => (await t.http.get(path).set(auth(t.keys.analyst)).expect(200)).body;
const simulate = async (id: string) => (await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).send({}).expect(200)).body;

/** 30 people in each of four buckets. */
async function crowd(): Promise<number[]> {
  for (let bucket = 0; bucket < 4; bucket++) {
    await t.db.raw(`select setval('user_id_seq', $1)`, [bucket * BUCKET + 1]);
    await insertReachableUsers(t.db, 30, `crowd${bucket}`, t.clock.now());
  }
  return [0, 1, 2, 3];
}

async function race(buckets: readonly number[]): Promise<void> {
  const pass = t.app.get(BucketPass);
  let left = [...buckets];
  while (left.length > 0) {
    const outcomes = await Promise.all(left.map(async (bucket) => ({ bucket, busy: (await pass.run(bucket)).busy })));
    left = outcomes.filter(({ busy }) => busy).map(({ bucket }) => bucket);
  }
}

async function raceWith(limit: number): Promise<Record<string, number>> {
  const buckets = await crowd();
  await budget({ push: limit });
  const id = await createCampaign(t, {});
  await launch(t, id);
  await t.db.raw(`insert into wave_buckets (wave_id, bucket) select w.id, b from waves as w cross join generate_series(0, 3) as b`);
  await race(buckets);
  return outcomes(id);
}

describe('a budget of messages', () => {
  it('is used up and never exceeded, whatever passes meet at it', async () => {
    expect(await raceWith(50)).toEqual({ queued: 50, budget_spent: 70 });
  });

  it('would be exceeded without its lock: the test above can fail', async () => {
    let any = 0;
    const lockClass = LOCK_BUDGET.class;
    Object.defineProperty(LOCK_BUDGET, 'class', { configurable: true, get: () => 9_000 + any++ });
    try {
      expect((await raceWith(50)).queued).toBeGreaterThan(50);
    } finally {
      Object.defineProperty(LOCK_BUDGET, 'class', { configurable: true, writable: true, value: lockClass });
    }
  });

  it('begins afresh with its window, counts what is really taken, and holds transactional messages never', async () => {
    await insertReachableUsers(t.db, 30, 'daily', NOW);
    await budget({ push: 10, window: 'day' });
    const send = async (overrides = {}): Promise<Record<string, number>> => {
      const id = await createCampaign(t, overrides);
      await launch(t, id);
      await t.loop('planner');
      return outcomes(id);
    };
    expect(await send()).toEqual({ queued: 10, budget_spent: 20 });
    expect(await send({ class: 'transactional', topic: undefined })).toEqual({ queued: 30 });
    await t.db.raw(`update deliveries set state = 'suppressed', reason = 'cancelled', counted_at = null where state = 'queued' and counted_at is not null
      and user_id in (select user_id from deliveries where state = 'queued' and counted_at is not null order by user_id limit 4)`);
    t.clock.advance({ minutes: 6 });
    expect(await send()).toEqual({ queued: 4, budget_spent: 26 });
    t.clock.advance({ hours: 24 });
    expect(await send()).toEqual({ queued: 10, budget_spent: 20 });
    await budget({});
    expect(await send()).toEqual({ queued: 30 });
  });

  it('is refused with every wrong field named', async () => {
    const { body } = await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ messageBudget: { push: -1, email: 1.5, window: 'year', sms: 1 } }).expect(400);
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['messageBudget.email', 'messageBudget.push', 'messageBudget.sms', 'messageBudget.window']);
  });
});

/** What people did with earlier messages: sent and converted. @returns by client id what the oracle says a message is worth */
async function people(histories: readonly { messages: number; conversions: number }[]): Promise<Map<string, number>> {
  await insertReachableUsers(t.db, histories.length, 'p', t.clock.now());
  await t.db.raw(`with sent as (
      insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at,
        policy_version, state, channel)
      select '2026-02-01', u.id, -n, 0, 0, 1, m.at, m.at, m.at, m.at, m.at, 0, 'sent', 'push'
      from unnest($1::integer[], $2::integer[]) with ordinality as h (messages, conversions, i) join users as u on u.user_id = 'p-' || (h.i - 1)
      cross join generate_series(1, h.messages) as n cross join lateral (select '2026-02-01'::timestamptz + n * interval '1 hour' as at) as m
      returning month, user_id, id, run_id, settled_at)
    insert into conversions (user_id, event_id, name, occurred_at, value, month, delivery_id, campaign_id, run_id, credited_at)
    select s.user_id, s.id::text, 'purchase', s.settled_at, 50, s.month, s.id, 0, s.run_id, s.settled_at
    from sent as s join users as u on u.id = s.user_id
    join unnest($1::integer[], $2::integer[]) with ordinality as h (messages, conversions, i) on u.user_id = 'p-' || (h.i - 1)
    where -s.run_id <= h.conversions`, [histories.map((h) => h.messages), histories.map((h) => h.conversions)]);
  const cell = MODEL.cells.find(({ channel }) => channel === 'push')!;
  const prices = { incrementality: 0.4, value: 50, margin: 1, openValue: 0, cost: 0, channel: { incrementality: 0.4, value: 50 } };
  const curve = patienceCurve(cell.optOut);
  return new Map(histories.map(({ messages, conversions }, i) =>
    [`p-${i}`, worthOf(cell, prices, { messages, opens: 0, conversions, ownValue: null }, curve).netWorth]));
}

async function sentBy(id: string): Promise<Map<string, number>> {
  const rows = await t.db.raw<{ who: string; price: number }>(
    `select u.user_id as who, w.price from deliveries as d join users as u on u.id = d.user_id
     join decision_worth as w on w.user_id = d.user_id and w.run_id = d.run_id where d.campaign_id = $1 and d.state = 'queued'`, [id]);
  return new Map(rows.map(({ who, price }) => [who, price]));
}

describe('under a budget, worth asks for its price', () => {
  const history = fc.integer({ min: 0, max: 14 }).chain((messages) => fc.record({ messages: fc.constant(messages), conversions: fc.integer({ min: 0, max: Math.min(messages, 4) }) }));

  it('so that the worthiest are written to, as many as it allows; foretold by simulate; a larger budget is never worth less', async () => {
    await fc.assert(fc.asyncProperty(fc.array(history, { minLength: 1, maxLength: 25 }), fc.integer({ min: 0, max: 25 }), fc.integer({ min: 1, max: 9 }), async (histories, room, more) => {
      const value: number[] = [];
      for (const limit of [room, room + more]) {
        await clear();
        const worths = await people(histories);
        await budget({ push: limit });
        const id = await createCampaign(t, WORTH);
        const foretold = await simulate(id);
        await launch(t, id);
        await t.loop('planner');
        const sent = await sentBy(id);
        expect(foretold.wouldSend).toBe(sent.size);
        const positive = [...worths.values()].filter((worth) => worth > 0).sort((a, b) => b - a);
        const price = positive.length > limit ? positive[limit]! : 0;
        if (sent.size > 0) expect([...sent.values()][0]).toBeCloseTo(price, 9);
        expect(foretold.worth.price).toBeCloseTo(price, 9);
        const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;
        for (const [who, worth] of worths) {
          if (!near(worth, price)) expect({ who, sent: sent.has(who) }).toEqual({ who, sent: worth > price });
        }
        expect(sent.size).toBeLessThanOrEqual(limit);
        value.push([...sent.keys()].reduce((sum, who) => sum + worths.get(who)!, 0));
        // Who is exactly at the price is drawn by lot: as many as that gives, the last few may be missing.
        if (positive.filter((worth) => near(worth, price)).length <= 1) expect(sent.size).toBe(Math.min(limit, positive.length));
      }
    }), { numRuns: RUNS });
  }, 240_000);

  it('says so to whoever asks: the price stands with the decision of both', async () => {
    await people([{ messages: 4, conversions: 3 }, { messages: 4, conversions: 2 }, { messages: 4, conversions: 1 }]);
    await budget({ push: 1 });
    const id = await createCampaign(t, WORTH);
    await launch(t, id);
    await t.loop('planner');
    const [best, next] = await Promise.all(['p-0', 'p-1'].map((who) => get(`/v1/campaigns/${id}/explain?userId=${who}`)));
    expect(best.outcome).toBe('queued');
    expect(best.worth.netWorth).toBeGreaterThan(best.worth.price);
    expect(next).toMatchObject({ outcome: 'suppressed', reason: 'not_worth_it' });
    expect(next.worth.price).toBe(next.worth.netWorth);
    expect(next.gates.find(({ gate }: { gate: string }) => gate === 'worth').detail).toContain('the budget asks for more than');
  });

  it('of many who are worth the same to the last bit, as many as the budget has, by lot and not by age', async () => {
    await people(Array.from({ length: 400 }, () => ({ messages: 0, conversions: 0 })));
    await budget({ push: 200 });
    const id = await createCampaign(t, WORTH);
    await launch(t, id);
    await t.loop('planner');
    const ids = [...(await sentBy(id)).keys()].map((who) => Number(who.slice(2)));
    // Binomial(400, 0.5) capped at 200: below 150 once in 10^6.
    expect(ids.length).toBeGreaterThan(150);
    expect(ids.length).toBeLessThanOrEqual(200);
    expect(Math.max(...ids)).toBeGreaterThan(350);
  });

  it('somebody whom a message is not worth changes nothing for the others', async () => {
    const histories = [{ messages: 4, conversions: 3 }, { messages: 4, conversions: 2 }, { messages: 14, conversions: 0 }];
    const sentTo: string[][] = [];
    for (const list of [histories.slice(0, 2), histories]) {
      await clear();
      await people(list);
      await budget({ push: 1 });
      const id = await createCampaign(t, WORTH);
      await launch(t, id);
      await t.loop('planner');
      sentTo.push([...(await sentBy(id)).keys()]);
    }
    expect(sentTo).toEqual([['p-0'], ['p-0']]);
  });
});
