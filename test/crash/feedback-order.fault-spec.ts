import { MessageEvents, type MessageEventSource, type MessageEventType } from '../../src/feedback/message-events.js';
import type { MessageRef } from '../../src/planning/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { faults } from './counts.js';
import { History } from './history.js';
import { seeded } from '../support/seeded.js';

const HOUR = 3_600_000;
const SENT = new Date('2026-03-01T12:00:00Z');
const SEED = Number(process.env.RAPPORT_SEED ?? 1);

/** One thing that happened, told once or more often. */
interface Told {
  type: MessageEventType | 'purchase';
  source: MessageEventSource;
  /** Hours after the message was sent; before it where the phone's clock is wrong. */
  hour: number;
}

const HAPPENED: Told[] = [
  { type: 'delivered', source: 'app', hour: 0.5 }, { type: 'opened', source: 'app', hour: 30 }, { type: 'opened', source: 'app', hour: -3 },
  { type: 'clicked', source: 'link', hour: 31 }, { type: 'dismissed', source: 'app', hour: 29 }, { type: 'bounced', source: 'mail-server-soft', hour: 1 },
  { type: 'bounced', source: 'mail-server', hour: 150 }, { type: 'unsubscribed', source: 'opt-out', hour: 168 }, { type: 'complained', source: 'mail-server', hour: 40 },
  { type: 'purchase', source: 'app', hour: 35 },
];

/** What is told of one message: some of what may happen, each once to three times, in any order. */
function story(random: () => number): Told[] {
  const told = HAPPENED.filter(() => random() < 0.6).flatMap((event) => Array.from({ length: 1 + Math.floor(random() * 3) }, () => event));
  for (let i = told.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [told[i], told[j]] = [told[j]!, told[i]!];
  }
  return told;
}

/** The oracle: the earliest instant of each fact, moved behind the sending, whatever the order was. */
function factsOf(told: readonly Told[]): Record<string, number | null> {
  const first = (types: string[]): number | null => {
    const hours = told.filter(({ type, source }) => types.includes(type) && source !== 'mail-server-soft').map(({ hour }) => Math.max(0, hour));
    return hours.length === 0 ? null : SENT.getTime() + Math.min(...hours) * HOUR;
  };
  return {
    delivered: first(['delivered', 'opened', 'clicked']), opened: first(['opened']), clicked: first(['clicked']),
    unsubscribed: first(['unsubscribed']), bounced: first(['bounced']), complained: first(['complained']),
  };
}

describe('F25 events told twice, late and out of order', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp();
  });
  afterAll(() => t?.close());

  it('count once, and the order makes no difference', async () => {
    const permutations = faults(1_000, 10_000);
    const random = seeded(SEED);
    const ledger = new LedgerFactory(t.db);
    const campaign = await ledger.campaign({ channel: 'email', runAt: SENT.toISOString(), conversion: { event: 'purchase', window: 'P7D', attribution: 'sent' } });
    const stories: { ref: MessageRef; userId: string; told: Told[] }[] = [];
    for (let i = 0; i < permutations; i++) {
      const user = await ledger.user(`p-${i}`);
      stories.push({ ref: await ledger.delivery(campaign, user, { at: SENT.toISOString() }), userId: `p-${i}`, told: story(random) });
    }
    const rounds = Math.max(...stories.map(({ told }) => told.length));
    for (let round = 0; round < rounds; round++) {
      // All of it has happened by then, up to a week ago, and each round is told an hour after the one before.
      t.clock.set(new Date(SENT.getTime() + (169 + round) * HOUR));
      const now = stories.flatMap(({ ref, userId, told }) => (told[round] ? [{ ref, userId, ...told[round]! }] : []));
      for (let at = 0; at < now.length; at += 1_000) {
        const some = now.slice(at, at + 1_000);
        const told = some.flatMap(({ ref, type, source, hour }) => (type === 'purchase' ? [] : [
          { ref, type, source, machine: false, occurredAt: new Date(SENT.getTime() + hour * HOUR) }]));
        await t.db.transaction((tx) => t.app.get(MessageEvents).recordIn(tx, told));
        const events = some.filter(({ type }) => type === 'purchase').map(({ userId, hour }) => ({
          eventId: 'order-1', userId, name: 'purchase', value: 20, occurredAt: new Date(SENT.getTime() + hour * HOUR).toISOString() }));
        if (events.length > 0) await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events }).expect(200);
      }
    }
    await t.loop('late-conversions');
    const rows = await t.db.raw<Record<string, Date | string | null>>(
      `select user_id::text as id, delivered_at as delivered, opened_at as opened, clicked_at as clicked, unsubscribed_at as unsubscribed,
         bounced_at as bounced, complained_at as complained from message_facts`);
    const found = new Map(rows.map(({ id, ...facts }) => [id, Object.fromEntries(Object.entries(facts).map(([k, at]) => [k, at && (at as Date).getTime()]))]));
    const none = factsOf([]);
    const wrong = stories.filter(({ ref, told }) => JSON.stringify(found.get(ref.userId) ?? none) !== JSON.stringify(factsOf(told)));
    expect({ seed: SEED, wrong: wrong.slice(0, 3) }).toEqual({ seed: SEED, wrong: [] });
    const purchases = stories.filter(({ told }) => told.some(({ type }) => type === 'purchase')).map(({ userId }) => userId);
    const told = stories.flatMap(({ userId, told: events }) => events.filter(({ type }) => type === 'purchase').map(() => userId));
    expect(told.length).toBeGreaterThan(purchases.length);
    const [credited] = await t.db.raw<{ n: number; revenue: string }>('select count(*)::integer as n, sum(value)::text as revenue from conversions');
    expect(History.countedOnce(told, credited!.n)).toEqual([]);
    expect(Number(credited!.revenue)).toBe(20 * purchases.length);
  });
});
