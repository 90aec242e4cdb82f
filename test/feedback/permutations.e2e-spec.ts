import fc from 'fast-check';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { LedgerFactory, type LedgerCampaign } from '../factories/ledger.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const RUN = Date.parse('2026-03-01T00:00:00Z');
const RUNS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 12);
const GOALS = [['sent', 6], ['sent', 30], ['opened', 12], ['clicked', 24], ['opened', 3]] as const;
const at = (hours: number): string => new Date(RUN + hours * 3_600_000).toISOString();

let t: TestApp;
let ledger: LedgerFactory;
/** The same campaigns twice: one lot is told everything once and in order, the other shuffled and again. */
let lots: { plain: LedgerCampaign[]; shuffled: LedgerCampaign[] };
let n = 0;

beforeAll(async () => {
  t = await startTestApp();
  t.clock.set('2026-03-06T00:00:00Z');
  ledger = new LedgerFactory(t.db);
  const lot = async () => {
    const campaigns: LedgerCampaign[] = [];
    for (const [attribution, hours] of GOALS) {
      campaigns.push(await ledger.campaign({ holdout: 0.1, topic: 'promo', conversion: { event: 'purchase', window: `PT${hours}H`, attribution }, runAt: at(0) }));
    }
    return campaigns;
  };
  lots = { plain: await lot(), shuffled: await lot() };
});
afterAll(() => t?.close());

const hour = fc.integer({ min: 0, max: 48 });
const historyOf = fc.record({
  messages: fc.uniqueArray(fc.record({
    campaign: fc.nat({ max: GOALS.length - 1 }), sent: hour, doubtful: fc.boolean(),
    reports: fc.array(fc.record({ type: fc.constantFrom('delivered', 'opened', 'dismissed'), hours: hour }), { maxLength: 3 }),
  }), { maxLength: 5, selector: ({ campaign }) => campaign }),
  orders: fc.uniqueArray(hour, { maxLength: 4 }),
  wishes: fc.uniqueArray(fc.record({ hours: hour, state: fc.constantFrom('subscribed', 'unsubscribed'), of: fc.nat({ max: 4 }), linked: fc.boolean() }), { maxLength: 4, selector: ({ hours }) => hours }),
  order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  twice: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
});
type History = typeof historyOf extends fc.Arbitrary<infer H> ? H : never;

interface Person {
  name: string;
  id: string;
  refs: MessageRef[];
}

async function born(history: History, campaigns: readonly LedgerCampaign[]): Promise<Person> {
  const name = `p${++n}`;
  const id = await ledger.user(name);
  const refs: MessageRef[] = [];
  for (const { campaign, sent, doubtful } of history.messages) {
    refs.push(await ledger.delivery(campaigns[campaign]!, id, { at: at(sent), state: doubtful ? 'unknown' : 'sent' }));
  }
  return { name, id, refs };
}

/** Everything that is told of the person, as requests that may be made in any order and again. */
function tellings({ messages, orders, wishes }: History, { name, refs }: Person): (() => Promise<unknown>)[] {
  const message = (i: number): string => t.app.get(MessageIds).encode(refs[i]!);
  return [
    ...messages.flatMap(({ reports }, i) => reports.map(({ type, hours }) => () =>
      t.http.post(`/v1/messages/${message(i)}/events`).set(auth(t.keys.app)).send({ type, occurredAt: at(hours) }).expect(200))),
    ...orders.map((hours) => () => t.http.post('/v1/events').set(auth(t.keys.ingest))
      .send({ events: [{ eventId: `o${hours}`, userId: name, name: 'purchase', occurredAt: at(hours), value: hours + 1, currency: 'EUR' }] }).expect(200)),
    ...wishes.map(({ hours, state, of, linked }) => () => t.http.put(`/v1/users/${name}/subscriptions`).set(auth(t.keys.ingest))
      .send({ channel: 'push', topic: 'promo', state, occurredAt: at(hours), ...(linked && refs.length > 0 ? { messageId: message(of % refs.length) } : {}) }).expect(200)),
  ];
}

/** What is known of the person in the end, without the names that tell the two lots apart. */
async function known({ name, id, refs }: Person, campaigns: readonly LedgerCampaign[]): Promise<unknown> {
  const campaignOf = new Map(campaigns.map((campaign, i) => [campaign.id, i]));
  const body = async (path: string) => (await t.http.get(path).set(auth(t.keys.analyst)).expect(200)).body;
  const credits = await t.db.raw<{ event: string; delivery: string; value: string }>(
    'select event_id as event, delivery_id as delivery, value from conversions where user_id = $1 order by 1', [id]);
  const told = (await body(`/v1/users/${name}/messages`)) as Record<string, unknown>[];
  const list = Array.isArray(told) ? told : (told as { data: Record<string, unknown>[] }).data;
  return {
    // A credit that came and went leaves a row that says nothing, but for when it changed: exports by updatedSince need that.
    facts: (await Promise.all(refs.map((ref) => ledger.facts(ref)))).map((facts) => (facts && Object.values(facts).some((fact) => fact !== null) ? facts : null)),
    credits: credits.map(({ event, value, delivery }) => ({ event, value, message: refs.findIndex((ref) => ref.id === delivery) })),
    messages: list.map(({ messageId: _message, campaignId, runId: _run, ...row }) => ({ ...row, campaign: campaignOf.get(campaignId as string) }))
      .sort((a, b) => a.campaign! - b.campaign!),
    scores: await body(`/v1/users/${name}/scores`),
    wishes: await t.db.raw('select channel, topic, state, occurred_at from subscriptions where user_id = $1', [id]),
  };
}

const results = async (campaigns: readonly LedgerCampaign[]) => Promise.all(campaigns.map(async ({ id }) => {
  const { body } = await t.http.get(`/v1/campaigns/${id}/results`).set(auth(t.keys.analyst)).expect(200);
  const { campaignId: _, ...counts } = body as Record<string, unknown>;
  return counts;
}));

function shuffledAndAgain(tell: readonly (() => Promise<unknown>)[], { order, twice }: History): (() => Promise<unknown>)[] {
  return tell.flatMap((one, i) => (twice[i % 60] ? [one, one] : [one])).map((one, i) => ({ one, key: order[i % 60]! })).sort((a, b) => a.key - b.key).map(({ one }) => one);
}

it('a history told in any order, and parts of it again, ends in the same facts, credit, scores, wishes and results', async () => {
  await fc.assert(fc.asyncProperty(historyOf, async (history) => {
    const plain = await born(history, lots.plain);
    const shuffled = await born(history, lots.shuffled);
    for (const tell of tellings(history, plain)) await tell();
    // Credited in between as well: what is told later finds credit that it must move or withdraw.
    for (const [i, tell] of shuffledAndAgain(tellings(history, shuffled), history).entries()) {
      await tell();
      if (history.twice[i % 60]) await t.loop('opt-outs');
    }
    await t.loop('opt-outs');
    expect(await known(shuffled, lots.shuffled)).toEqual(await known(plain, lots.plain));
  }), { numRuns: RUNS, endOnFailure: true }); // A shrunk counterexample would take minutes of requests; the seed repeats it.
  expect(await results(lots.shuffled)).toEqual(await results(lots.plain));
}, 900_000);
