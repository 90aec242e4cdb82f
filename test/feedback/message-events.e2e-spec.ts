import { FeedbackModule } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let ledger: LedgerFactory;
let n = 0;
const NOW = '2026-03-02T12:00:00Z';
const SENT = '2026-03-01T12:00:00.000Z';

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule] });
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t.close());
beforeEach(() => t.clock.set(NOW));

const idOf = (ref: MessageRef): string => t.app.get(MessageIds).encode(ref);
const report = (messageId: string, body: object, key = t.keys.app) => t.http.post(`/v1/messages/${messageId}/events`).set(auth(key)).send(body);

describe('what an app reports of a message', () => {
  it('a tap on a push is opened and clicked, proves the delivery, and says that the person is there', async () => {
    const user = await ledger.user(`u${n++}`);
    const ref = await ledger.delivery(await ledger.campaign(), user);
    await report(idOf(ref), { type: 'opened', occurredAt: '2026-03-01T18:00:00Z', action: 'buy' }).expect(200);
    const at = new Date('2026-03-01T18:00:00Z');
    expect(await ledger.facts(ref)).toMatchObject({ delivered: at, opened: at, clicked: at, unsubscribed: null });
    const [seen] = await t.db.raw<{ at: Date }>('select last_seen_at as at from users where id = $1', [user]);
    expect(seen!.at).toEqual(new Date(NOW));
  });

  it('an open of a mail is no click, a delivery no open, a dismissal neither', async () => {
    const user = await ledger.user(`u${n++}`);
    const mail = await ledger.delivery(await ledger.campaign({ channel: 'email' }), user);
    await report(idOf(mail), { type: 'opened', occurredAt: '2026-03-01T18:00:00Z' }).expect(200);
    expect(await ledger.facts(mail)).toMatchObject({ clicked: null });
    const push = await ledger.delivery(await ledger.campaign(), user);
    await report(idOf(push), { type: 'dismissed', occurredAt: '2026-03-01T18:00:00Z' }).expect(200);
    expect(await ledger.facts(push)).toBeUndefined();
    await report(idOf(push), { type: 'delivered', occurredAt: '2026-03-01T18:00:00Z' }).expect(200);
    expect(await ledger.facts(push)).toMatchObject({ delivered: new Date('2026-03-01T18:00:00Z'), opened: null });
  });

  it('is the same however often and in whatever order it comes, and a wrong clock is moved into [sent, received]', async () => {
    const messages = [];
    for (let i = 0; i < 2; i++) messages.push(await ledger.delivery(await ledger.campaign(), await ledger.user(`u${n++}`)));
    const [one, two] = messages as [MessageRef, MessageRef];
    const times = ['2026-03-01T20:00:00Z', '1999-01-01T00:00:00Z', '2026-03-01T19:00:00Z', '2031-01-01T00:00:00Z'];
    for (const at of times) await report(idOf(one), { type: 'opened', occurredAt: at }).expect(200);
    for (const at of [...times].reverse()) await report(idOf(two), { type: 'opened', occurredAt: at }).expect(200);
    expect(await ledger.facts(one)).toEqual(await ledger.facts(two));
    expect((await ledger.facts(one))!.opened).toEqual(new Date(SENT));
    const rows = await t.db.raw<{ at: Date }>('select occurred_at as at from message_events where user_id = $1', [one.userId]);
    expect(rows).toHaveLength(2);
  });

  it('settles a message in doubt: sent, at the instant it was settled, and it counts on as before', async () => {
    const ref = await ledger.delivery(await ledger.campaign(), await ledger.user(`u${n++}`), { state: 'unknown' });
    await report(idOf(ref), { type: 'delivered', occurredAt: '2026-03-01T18:00:00Z' }).expect(200);
    const [row] = await t.db.raw('select state, settled_at, counted_at from deliveries where id = $1', [ref.id]);
    expect(row).toEqual({ state: 'sent', settled_at: new Date(SENT), counted_at: new Date(SENT) });
  });

  it('is taken before the provider has answered, and refused of what was never sent', async () => {
    const campaign = await ledger.campaign();
    const queued = await ledger.delivery(campaign, await ledger.user(`u${n++}`), { state: 'queued' });
    await report(idOf(queued), { type: 'opened', occurredAt: '2026-03-01T18:00:00Z' }).expect(200);
    expect(await ledger.facts(queued)).toMatchObject({ opened: new Date('2026-03-01T18:00:00Z') });
    for (const state of ['suppressed', 'held_out', 'deferred', 'failed'] as const) {
      const ref = await ledger.delivery(campaign, await ledger.user(`u${n++}`), { state });
      await report(idOf(ref), { type: 'opened', occurredAt: '2026-03-01T18:00:00Z' }).expect(404);
    }
  });

  it('needs an app key and a message of ours, and names every wrong field', async () => {
    const ref = await ledger.delivery(await ledger.campaign(), await ledger.user(`u${n++}`));
    const good = { type: 'opened', occurredAt: '2026-03-01T18:00:00Z' };
    await t.http.post(`/v1/messages/${idOf(ref)}/events`).send(good).expect(401);
    for (const key of [t.keys.analyst, t.keys.marketer, t.keys.ingest]) await report(idOf(ref), good, key).expect(403);
    for (const id of ['x', 'A'.repeat(22), idOf({ ...ref, id: '999999999' }), `${idOf(ref)}A`]) await report(id, good).expect(404);
    const { body } = await report(idOf(ref), { type: 'read', occurredAt: 'yesterday', action: 5, extra: 1 }).expect(400);
    expect(body.errors.map((e: { path: string }) => e.path).sort()).toEqual(expect.arrayContaining(['action', 'extra', 'occurredAt', 'type']));
  });
});

describe('many reports', () => {
  it('may leave the action null, and takes no second message id', async () => {
    const ref = await ledger.delivery(await ledger.campaign(), await ledger.user(`u${n++}`));
    const body = { type: 'opened', occurredAt: NOW };
    await report(idOf(ref), { ...body, action: null }).expect(200, { messageId: idOf(ref), type: 'opened' });
    const { body: refusal } = await report(idOf(ref), { ...body, messageId: idOf(ref) }).expect(400);
    expect(refusal.errors).toMatchObject([{ path: 'messageId' }]);
  });

  it('at once, each in a request of its own, are each answered for itself and stored once', async () => {
    const campaign = await ledger.campaign();
    const refs = await Promise.all(Array.from({ length: 60 }, async () => ledger.delivery(campaign, await ledger.user(`u${n++}`))));
    const gone = idOf({ ...refs[0]!, id: '999999999' });
    const answers = await Promise.all([...refs, ...refs].flatMap((ref, i) => [
      report(idOf(ref), { type: i % 2 ? 'opened' : 'delivered', occurredAt: '2026-03-01T18:00:00Z' }), ...(i % 20 ? [] : [report(gone, { type: 'opened', occurredAt: SENT })])]));
    expect(answers.map(({ status }) => status).filter((status) => status === 404)).toHaveLength(6);
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(120);
    for (const [i, ref] of refs.entries()) {
      const at = new Date('2026-03-01T18:00:00Z');
      expect(await ledger.facts(ref)).toMatchObject({ delivered: at, opened: i % 2 ? at : null });
    }
  });

  it('in one request: a bad row loses only itself', async () => {
    const campaign = await ledger.campaign();
    const [a, b] = [await ledger.delivery(campaign, await ledger.user(`u${n++}`)), await ledger.delivery(campaign, await ledger.user(`u${n++}`), { state: 'suppressed' })];
    const good = { messageId: idOf(a), type: 'opened', occurredAt: '2026-03-01T18:00:00Z' };
    const send = (body: unknown) => t.http.post('/v1/messages/events').set(auth(t.keys.app)).send(body as object);
    const { body } = await send({ events: [
      good, { ...good, messageId: idOf(b) }, { ...good, messageId: 'x' }, { ...good, messageId: 5 }, { ...good, type: 'read' }, { ...good, occurredAt: 'now' },
      { ...good, action: '' }, { ...good, action: 7 }, { ...good, extra: 1 }, 3, { ...good, action: '\u0000' }, { ...good, type: 'dismissed', action: 'later' },
    ] }).expect(200);
    expect(body.accepted).toBe(2);
    expect(body.rejected.map((row: { index: number; path?: string }) => [row.index, row.path])).toEqual([
      [1, 'messageId'], [2, 'messageId'], [3, 'messageId'], [4, 'type'], [5, 'occurredAt'], [6, 'action'], [7, 'action'], [8, 'extra'], [9, undefined], [10, 'action'],
    ]);
    expect(await ledger.facts(a)).toMatchObject({ opened: new Date('2026-03-01T18:00:00Z'), clicked: new Date('2026-03-01T18:00:00Z') });
    for (const bad of [{}, { events: 'x' }, { events: [], more: 1 }, { events: Array(1_001).fill(good) }]) await send(bad).expect(400);
    await t.http.post('/v1/messages/events').set(auth(t.keys.ingest)).send({ events: [] }).expect(403);
  });
});
