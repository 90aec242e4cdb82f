import { FeedbackModule, Links } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { ReportingModule } from '../../src/reporting/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { mutateSql } from '../support/mutated-sql.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const BASE = 'https://mail.rapport.test';
let t: TestApp;
let ledger: LedgerFactory;
let n = 0;

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule, ReportingModule], env: { PUBLIC_URL: BASE } });
  t.clock.set('2026-03-10T12:00:00Z');
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t?.close());

const report = (ref: MessageRef, type: string, occurredAt: string) =>
  t.http.post(`/v1/messages/${t.app.get(MessageIds).encode(ref)}/events`).set(auth(t.keys.app)).send({ type, occurredAt }).expect(200);
const leave = (userId: string, occurredAt: string) =>
  t.http.put(`/v1/users/${userId}/subscriptions`).set(auth(t.keys.ingest)).send({ channel: 'push', state: 'unsubscribed', occurredAt }).expect(200);
const buy = (userId: string, occurredAt: string) => t.http.post('/v1/events').set(auth(t.keys.ingest))
  .send({ events: [{ eventId: 'order', userId, name: 'purchase', occurredAt, value: 10, currency: 'EUR' }] }).expect(200);

/** Each tells a little story of new people and answers what came of it. */
const STORIES = {
  async 'an opt-out without a link, eight days after the last message'() {
    const [name, id] = await person();
    const ref = await ledger.delivery(await ledger.campaign(), id, { at: '2026-03-01T12:00:00Z' });
    await leave(name, '2026-03-09T12:00:01Z');
    await t.loop('opt-outs');
    return (await ledger.facts(ref)) ?? 'credited to none';
  },
  async 'an opt-out told again after another message'() {
    const [name, id] = await person();
    await ledger.delivery(await ledger.campaign(), id, { at: '2026-03-08T12:00:00Z' });
    await leave(name, '2026-03-08T13:00:00Z');
    await t.loop('opt-outs');
    const later = await ledger.delivery(await ledger.campaign(), id, { at: '2026-03-09T12:00:00Z' });
    await leave(name, '2026-03-09T13:00:00Z');
    await t.loop('opt-outs');
    return (await ledger.facts(later)) ?? 'credited to none';
  },
  async 'opens told in the wrong order'() {
    const ref = await ledger.delivery(await ledger.campaign(), (await person())[1], { at: '2026-03-01T12:00:00Z' });
    for (const hour of [18, 14, 16]) await report(ref, 'opened', `2026-03-01T${hour}:00:00Z`);
    return (await ledger.facts(ref))!.opened;
  },
  async 'a picture fetched by a scanner'() {
    const ref = await ledger.delivery(await ledger.campaign({ channel: 'email' }), (await person())[1], { at: '2026-03-01T12:00:00Z' });
    await t.http.get(t.app.get(Links).forMessage(ref).openPixel.slice(BASE.length)).set('User-Agent', 'Barracuda Sentinel (EE)').expect(200);
    return (await ledger.facts(ref)) ?? 'not opened';
  },
  async 'a purchase a moment after the window'() {
    const [name, id] = await person();
    const campaign = await ledger.campaign({ conversion: { event: 'purchase', window: 'PT24H', attribution: 'opened' } });
    await report(await ledger.delivery(campaign, id, { at: '2026-03-01T12:00:00Z' }), 'opened', '2026-03-01T13:00:00Z');
    await buy(name, '2026-03-02T13:00:00Z');
    return t.db.raw('select delivery_id from conversions where user_id = $1', [id]);
  },
  async 'a purchase between two opens'() {
    const [name, id] = await person();
    const goal = { conversion: { event: 'purchase', window: 'P3D', attribution: 'opened' as const } };
    const refs = [];
    for (const hour of ['10', '11']) refs.push(await ledger.delivery(await ledger.campaign(goal), id, { at: `2026-03-01T${hour}:00:00Z` }));
    await report(refs[1]!, 'opened', '2026-03-01T13:00:00Z');
    await report(refs[0]!, 'opened', '2026-03-01T14:00:00Z');
    await buy(name, '2026-03-01T15:00:00Z');
    const [credit] = await t.db.raw<{ id: string }>('select delivery_id::text as id from conversions where user_id = $1', [id]);
    return refs.findIndex(({ id: own }) => own === credit?.id);
  },
  async 'the pressure at which a segment leaves'() {
    const key = `segment${++n}`;
    const [segment] = await t.db.raw<{ id: string }>(`insert into segments (key, name, static) values ($1, $1, true) returning id`, [key]);
    for (const [messagesIn7d, leaves] of [[0, false], [0, false], [5, true], [5, false]] as const) {
      const [name, id] = await person();
      await t.db.raw(`insert into segment_members (segment_id, user_id, entered_at) values ($1, $2, '2026-02-01')`, [segment!.id, id]);
      await ledger.delivery(await ledger.campaign(), id, { at: '2026-03-08T12:00:00Z', messagesIn7d });
      if (leaves) await leave(name, '2026-03-08T13:00:00Z');
    }
    await t.loop('opt-outs');
    const { body } = await t.http.get(`/v1/segments/${key}/performance`).set(auth(t.keys.analyst)).expect(200);
    return body.byPressure;
  },
};

async function person(): Promise<[name: string, id: string]> {
  const name = `m${++n}`;
  return [name, await ledger.user(name)];
}

const EXPECTED: Record<keyof typeof STORIES, unknown> = {
  'an opt-out without a link, eight days after the last message': 'credited to none',
  'an opt-out told again after another message': 'credited to none',
  'opens told in the wrong order': new Date('2026-03-01T14:00:00Z'),
  'a picture fetched by a scanner': 'not opened',
  'a purchase a moment after the window': [],
  'a purchase between two opens': 0,
  'the pressure at which a segment leaves': [
    { messagesIn7d: 0, sent: 2, openRate: 0, unsubscribeRate: 0 }, { messagesIn7d: 5, sent: 2, openRate: 0, unsubscribeRate: 0.5 }],
};

const MUTANTS: [story: keyof typeof STORIES, from: string, to: string][] = [
  ['an opt-out without a link, eight days after the last message', `interval '7 days'`, `interval '70 days'`],
  ['an opt-out told again after another message', 'l.unlinked and not l.was_out', 'l.unlinked'],
  ['opens told in the wrong order', 'opened_at = least(f.opened_at, excluded.opened_at)', 'opened_at = greatest(f.opened_at, excluded.opened_at)'],
  ['a picture fetched by a scanner', 'where not g.machine and', 'where'],
  ['a purchase a moment after the window', 'f.at > e.occurred_at - g.reach and', ''],
  ['a purchase between two opens', 't.at desc, t.rank desc', 't.rank desc'],
  ['the pressure at which a segment leaves', '(), (c.channel), (c.messages_in_7d)', '(), (c.channel)'],
];

it.each(Object.keys(STORIES) as (keyof typeof STORIES)[])('%s', async (story) => {
  expect(await STORIES[story]()).toEqual(EXPECTED[story]);
});

it.each(MUTANTS)('and it would be noticed if not: %s, with %s broken', async (story, from, to) => {
  const { hits, undo } = mutateSql((sql) => sql.replace(from, () => to));
  try {
    const told = await STORIES[story]().catch((error: Error) => error);
    expect(told).not.toEqual(EXPECTED[story]);
  } finally {
    undo();
  }
  expect(hits()).toBeGreaterThan(0);
});
