import { FeedbackModule, Links } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const RUN = Date.parse('2026-03-01T00:00:00Z');
const BASE = 'https://mail.rapport.test';
let t: TestApp;
let ledger: LedgerFactory;
let n = 0;
const at = (hours: number): string => new Date(RUN + hours * 3_600_000).toISOString();

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE } });
  t.clock.set('2026-03-20T00:00:00Z');
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t?.close());

const goal = (attribution: 'sent' | 'opened' | 'clicked', window = 'PT72H') => ledger.campaign({ conversion: { event: 'purchase', window, attribution }, runAt: at(0) });
const buy = (userId: string, hours: number, eventId = `e-${hours}`) => t.http.post('/v1/events').set(auth(t.keys.ingest))
  .send({ events: [{ eventId, userId, name: 'purchase', occurredAt: at(hours), value: 10, currency: 'EUR' }] }).expect(200);
const report = (ref: MessageRef, type: string, hours: number) =>
  t.http.post(`/v1/messages/${t.app.get(MessageIds).encode(ref)}/events`).set(auth(t.keys.app)).send({ type, occurredAt: at(hours) }).expect(200);
const credits = async (internalId: string) => (await t.db.raw<{ row: string }>(
  `select event_id || ' ' || delivery_id as row from conversions where user_id = $1 order by event_id`, [internalId])).map(({ row }) => row);
const someone = async (): Promise<{ client: string; id: string }> => {
  const client = `v${++n}`;
  return { client, id: await ledger.user(client) };
};

describe('opens, clicks and conversions', () => {
  it('told twice count once', async () => {
    const { client, id } = await someone();
    const ref = await ledger.delivery(await goal('sent'), id, { at: at(1) });
    const tell = async () => {
      await report(ref, 'opened', 2);
      await buy(client, 3);
      return [await credits(id), await ledger.facts(ref), await t.db.raw('select type, occurred_at from message_events where user_id = $1 order by 1', [id])];
    };
    const once = await tell();
    expect(once[0]).toEqual([`e-3 ${ref.id}`]);
    for (let i = 0; i < 2; i++) expect(await tell()).toEqual(once);
  });

  it('told in the wrong order come to the same', async () => {
    const told = async (order: ('open' | 'delivered' | 'buy')[]): Promise<unknown> => {
      const { client, id } = await someone();
      const ref = await ledger.delivery(await goal('opened'), id, { at: at(1) });
      const tell = { open: () => report(ref, 'opened', 3), delivered: () => report(ref, 'delivered', 2), buy: () => buy(client, 4) };
      for (const what of order) await tell[what]();
      return [(await credits(id)).length, await ledger.facts(ref)];
    };
    expect(await told(['buy', 'open', 'delivered'])).toEqual(await told(['delivered', 'open', 'buy']));
  });

  it('a conversion before the open is not credited to it', async () => {
    const { client, id } = await someone();
    const ref = await ledger.delivery(await goal('opened'), id, { at: at(1) });
    await buy(client, 2);
    await report(ref, 'opened', 3);
    expect(await credits(id)).toEqual([]);
  });

  it('the window holds its beginning and not its end', async () => {
    const { client, id } = await someone();
    const ref = await ledger.delivery(await goal('sent', 'PT4H'), id, { at: at(1) });
    for (const hours of [1, 4.999, 5]) await buy(client, hours);
    expect(await credits(id)).toEqual([`e-1 ${ref.id}`, `e-4.999 ${ref.id}`]);
  });

  it('a purchase by somebody of the holdout is credited to no message', async () => {
    const { client, id } = await someone();
    await ledger.delivery(await goal('sent'), id, { at: at(1), state: 'held_out' });
    await buy(client, 2);
    expect(await credits(id)).toEqual([]);
  });

  it.each([['sent', 1], ['opened', 0], ['clicked', 0]] as const)('one purchase within two windows is credited once, to the last one %s', async (attribution, winner) => {
    const { client, id } = await someone();
    const refs = [await ledger.delivery(await goal(attribution), id, { at: at(1) }), await ledger.delivery(await goal(attribution), id, { at: at(2) })];
    // The earlier message is the one that was opened last; on push a tap is both.
    await report(refs[1]!, 'opened', 3);
    await report(refs[0]!, 'opened', 4);
    await buy(client, 5);
    expect(await credits(id)).toEqual([`e-5 ${refs[winner]!.id}`]);
  });
});

describe('one-click unsubscribing', () => {
  it('needs no page, and a POST that comes again does no harm', async () => {
    const { id } = await someone();
    const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', topic: 'promo' }), id);
    const path = t.app.get(Links).forMessage(ref).unsubscribe.slice(BASE.length);
    for (let i = 0; i < 3; i++) await t.http.post(path).type('form').send('List-Unsubscribe=One-Click').expect(200);
    expect(await t.db.raw('select channel, topic, state from subscriptions where user_id = $1', [id])).toEqual([{ channel: 'email', topic: 'promo', state: 'unsubscribed' }]);
    expect(await t.db.raw('select from subscription_log where user_id = $1', [id])).toHaveLength(1);
  });
});

describe('an Idempotency-Key', () => {
  const post = (body: object) => t.http.post('/v1/keys').set(auth(t.adminKey)).set('Idempotency-Key', 'edge').send(body);

  it('with another body is refused, with the same one replayed and marked, as long as a client may try again', async () => {
    const first = await post({ name: 'edge', scope: 'app' }).expect(201);
    await post({ name: 'other', scope: 'app' }).expect(422);
    t.clock.advance({ hours: 23 });
    const again = await post({ name: 'edge', scope: 'app' }).expect(201);
    expect([again.headers['idempotent-replayed'], again.body]).toEqual(['true', first.body]);
  });
});
