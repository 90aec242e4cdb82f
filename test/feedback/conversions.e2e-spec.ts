import fc from 'fast-check';
import { creditedMessage, type Goal, type Touch } from '../../src/feedback/attribution.js';
import { FeedbackModule } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { LedgerFactory, type LedgerCampaign } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let ledger: LedgerFactory;
let n = 0;
const RUN = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;
const at = (hours: number): string => new Date(RUN + hours * HOUR).toISOString();

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule] });
  t.clock.set('2026-03-20T00:00:00Z');
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t.close());

const goalOf = (attribution: Touch, window = 'PT72H', event = 'purchase') => ({ conversion: { event, window, attribution }, runAt: at(0) });
const buy = (userId: string, hours: number, extra: object = {}) =>
  t.http.post('/v1/events').set(auth(t.keys.ingest))
    .send({ events: [{ eventId: `e-${hours}`, userId, name: 'purchase', occurredAt: at(hours), value: 10, currency: 'EUR', ...extra }] }).expect(200);
const open = (ref: MessageRef, hours: number, type = 'opened') =>
  t.http.post(`/v1/messages/${t.app.get(MessageIds).encode(ref)}/events`).set(auth(t.keys.app)).send({ type, occurredAt: at(hours) }).expect(200);
const credits = (internalId: string) =>
  t.db.raw<{ event: string; delivery: string }>('select event_id as event, delivery_id as delivery from conversions where user_id = $1 order by event_id', [internalId]);

describe('a conversion', () => {
  it('is credited once to the last message within its window, however often it is told', async () => {
    const user = await ledger.user(`c${++n}`);
    const [a, b] = [await ledger.campaign(goalOf('sent')), await ledger.campaign(goalOf('sent', 'PT4H'))];
    const first = await ledger.delivery(a, user, { at: at(1) });
    const second = await ledger.delivery(b, user, { at: at(10) });
    for (let i = 0; i < 3; i++) await buy(`c${n}`, 12);
    await buy(`c${n}`, 14);
    await buy(`c${n}`, 80);
    expect(await credits(user)).toEqual([{ event: 'e-12', delivery: second.id }, { event: 'e-14', delivery: first.id }]);
  });

  it('keeps amount and currency', async () => {
    const user = await ledger.user(`c${++n}`);
    await ledger.delivery(await ledger.campaign(goalOf('sent')), user, { at: at(1) });
    await buy(`c${n}`, 2, { value: 19.99, currency: 'USD' });
    await buy(`c${n}`, 3, { value: -5, currency: undefined });
    expect(await t.db.raw('select value, currency from conversions where user_id = $1 order by event_id', [user]))
      .toEqual([{ value: '19.99', currency: 'USD' }, { value: '-5', currency: null }]);
  });

  it('is re-attributed when the open is told days later, and given back when an earlier open takes it out of reach', async () => {
    const user = await ledger.user(`c${++n}`);
    const byOpen = await ledger.delivery(await ledger.campaign(goalOf('opened', 'PT5H')), user, { at: at(1) });
    const bySent = await ledger.delivery(await ledger.campaign(goalOf('sent')), user, { at: at(2) });
    await buy(`c${n}`, 20);
    expect(await credits(user)).toEqual([{ event: 'e-20', delivery: bySent.id }]);
    await open(byOpen, 18);
    expect(await credits(user)).toEqual([{ event: 'e-20', delivery: byOpen.id }]);
    await open(byOpen, 3);
    expect(await credits(user)).toEqual([{ event: 'e-20', delivery: bySent.id }]);
  });

  it('of a message in doubt, of transactional ones too; of tests, failed, suppressed and held-out ones never', async () => {
    const unknown = await ledger.user(`c${++n}`);
    const message = await ledger.delivery(await ledger.campaign(goalOf('sent')), unknown, { at: at(1), state: 'unknown' });
    await buy(`c${n}`, 2);
    expect(await credits(unknown)).toEqual([{ event: 'e-2', delivery: message.id }]);
    const receipt = await ledger.user(`c${++n}`);
    const sent = await ledger.delivery(await ledger.campaign({ ...goalOf('sent'), transactional: true }), receipt, { at: at(1) });
    await t.db.raw('update deliveries set counted_at = null where id = $1', [sent.id]);
    await buy(`c${n}`, 2);
    expect(await credits(receipt)).toHaveLength(1);
    for (const options of [{ kind: 'test' as const, state: 'sent' as const }, ...(['failed', 'suppressed', 'held_out'] as const).map((state) => ({ state }))]) {
      const user = await ledger.user(`c${++n}`);
      await ledger.delivery(await ledger.campaign({ ...goalOf('sent'), ...options }), user, { at: at(1), state: options.state, settledAt: at(1) });
      await buy(`c${n}`, 2);
      expect(await credits(user)).toEqual([]);
    }
  });

  it('marks the message that lost it as updated, so that an incremental export takes it along', async () => {
    const user = await ledger.user(`c${++n}`);
    const loser = await ledger.delivery(await ledger.campaign(goalOf('sent')), user, { at: at(1) });
    const winner = await ledger.delivery(await ledger.campaign(goalOf('opened')), user, { at: at(1) });
    await buy(`c${n}`, 9);
    t.clock.advance({ hours: 1 });
    await open(winner, 8);
    const rows = await t.db.raw<{ id: string }>('select delivery_id as id from message_facts where user_id = $1 and updated_at = $2 order by 1', [user, t.clock.now()]);
    expect(rows.map((row) => row.id)).toEqual([loser.id, winner.id]);
  });

  it('told before its message was settled is credited when the settlement is written', async () => {
    const user = await ledger.user(`c${++n}`);
    const campaign = await ledger.campaign(goalOf('sent'));
    const ref = await ledger.delivery(campaign, user, { at: at(1), state: 'queued' });
    await buy(`c${n}`, 2);
    expect(await credits(user)).toEqual([]);
    await t.db.raw(`update deliveries set state = 'sent', settled_at = $2 where id = $1`, [ref.id, at(1.5)]);
    await ledger.slice(campaign, ref, ref, '2030-01-01T00:00:00Z');
    await t.loop('late-conversions');
    expect(await credits(user)).toEqual([{ event: 'e-2', delivery: ref.id }]);
  });

  it('told at the same moment as the open that deserves it is never missed', async () => {
    const campaign = await ledger.campaign(goalOf('opened'));
    const people = await Promise.all(Array.from({ length: 40 }, async () => {
      const name = `c${++n}`;
      const id = await ledger.user(name);
      return { name, id, ref: await ledger.delivery(campaign, id, { at: at(1) }) };
    }));
    await Promise.all(people.flatMap(({ name, ref }) => [buy(name, 5), open(ref, 4)]));
    for (const { id, ref } of people) expect(await credits(id)).toEqual([{ event: 'e-5', delivery: ref.id }]);
  });
});

describe('credit', () => {
  it('is the oracle’s, in whatever order events, opens and settlements of a generated history come', async () => {
    const campaigns: { campaign: LedgerCampaign; goal: Goal }[] = [];
    for (const [attribution, hours] of [['sent', 6], ['sent', 30], ['opened', 12], ['clicked', 24], ['opened', 3]] as [Touch, number][]) {
      const campaign = await ledger.campaign(goalOf(attribution, `PT${hours}H`, 'order'));
      campaigns.push({ campaign, goal: { campaignId: campaign.id, event: 'order', windowMs: hours * HOUR, attribution } });
    }
    const hour = fc.integer({ min: 0, max: 48 });
    const history = fc.record({
      messages: fc.array(fc.record({ campaign: fc.nat({ max: campaigns.length - 1 }), sent: hour, opens: fc.array(hour, { maxLength: 2 }), push: fc.boolean() }), { maxLength: 5 }),
      orders: fc.uniqueArray(hour, { maxLength: 4 }),
      seed: fc.nat(),
    });
    await fc.assert(fc.asyncProperty(history, async ({ messages, orders, seed }) => {
      const name = `c${++n}`;
      const user = await ledger.user(name);
      const sent = [];
      const used = new Set<number>();
      for (const m of messages) {
        if (used.has(m.campaign)) continue;
        used.add(m.campaign);
        sent.push({ ...m, ref: await ledger.delivery(campaigns[m.campaign]!.campaign, user, { at: at(m.sent) }) });
      }
      const happenings = shuffle([
        ...sent.flatMap((m) => m.opens.map((hours) => () => open(m.ref, hours))),
        ...orders.flatMap((hours) => [1, 2].map(() => () => buy(name, hours, { name: 'order' }))),
      ], seed);
      for (const happen of happenings) await happen();
      const touched = sent.map((m) => {
        const opened = m.opens.length > 0 ? new Date(Math.max(Date.parse(at(m.sent)), Math.min(...m.opens.map((h) => Date.parse(at(h)))))) : null;
        return { id: m.ref.id, campaignId: campaigns[m.campaign]!.campaign.id, sentAt: new Date(at(m.sent)), openedAt: opened, clickedAt: opened };
      });
      const expected = orders.flatMap((hours) => {
        const winner = creditedMessage({ name: 'order', occurredAt: new Date(at(hours)) }, touched, campaigns.map((c) => c.goal));
        return winner ? [{ event: `e-${hours}`, delivery: winner.id }] : [];
      }).sort((a, b) => (a.event < b.event ? -1 : 1));
      expect((await credits(user)).sort((a, b) => (a.event < b.event ? -1 : 1))).toEqual(expected);
    }), { numRuns: 120 });
  }, 180_000);
});

function shuffle<T>(list: T[], seed: number): T[] {
  let state = seed + 1;
  return list.map((item) => ({ item, key: (state = (state * 48_271) % 2_147_483_647) })).sort((a, b) => a.key - b.key).map(({ item }) => item);
}
