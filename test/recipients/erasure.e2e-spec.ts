import { Addresses } from '../../src/recipients/index.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, deadlocksOf, startRecipients, type Answer } from './start.js';

let app: TestApp;
let admin: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  admin = callerOf(app, 'admin');
});
afterAll(() => app.close());

const ERIKA = {
  userId: 'erika-mustermann-4711', email: 'Erika.Mustermann@example.com', attributes: { surname: 'Mustermann' }, timezone: 'Europe/Berlin',
  devices: [{ token: 'token-of-mustermann', platform: 'ios' }], subscriptions: [{ channel: 'email', state: 'subscribed', source: 'mustermann form' }],
};
const TRACES = ['mustermann', '4711', Buffer.from('{"sub":"erika-mustermann').toString('base64url').slice(0, 30)];

/** One of everything that the house may know of a person, the ledger included. */
async function remember(): Promise<string> {
  await admin('post', '/v1/users/batch', { users: [ERIKA, { userId: 'bystander', email: 'by@example.com', attributes: { a: 1 } }] });
  const event = { eventId: 'order-4711', userId: ERIKA.userId, name: 'purchase', occurredAt: '2026-03-01T00:00:00Z', value: 10, properties: { to: 'Mustermann' } };
  await admin('post', '/v1/events', { events: [event, { ...event, eventId: 'old-4711', occurredAt: '1998-03-01T00:00:00Z' }, { ...event, userId: 'bystander', eventId: 'b', properties: {} }] });
  await admin('put', `/v1/users/${ERIKA.userId}/subscriptions`, { channel: 'push', state: 'unsubscribed', source: 'mustermann', messageId: 'm-4711' });
  await app.http.post(`/v1/users/${ERIKA.userId}/token`).set({ Authorization: `Bearer ${app.adminKey}`, 'Idempotency-Key': 'a' }).send({});
  const [user] = await app.db.raw<{ id: string }>('select id from users where user_id = $1', [ERIKA.userId]);
  for (const statement of LEDGER) await app.db.raw(statement.replaceAll('$1', user!.id));
  return user!.id;
}

const LEDGER = [
  `insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, as_of) values ($1, 5, 4, 3, 'champions', now(), 2, 10, now())`,
  `with s as (insert into segments (key, name, static) values ('vip', 'VIP', true) returning id), m as (insert into segment_members select id, $1, now() from s)
   insert into segment_changes (segment_id, user_id, entered, cause, at) select id, $1, true, 'import of mustermann', now() from s`,
  `select ensure_month_partition('deliveries', '2026-03-01')`,
  `insert into campaigns (name, channel, transactional, priority, definition, salt) values ('c', 'push', false, 50, '{}', 's')`,
  `insert into deliveries (month, user_id, id, run_id, wave_id, campaign_id, due_at, decided_at, expires_at, settled_at, state, channel, policy_version)
   select '2026-03-01', $1, 77, 1, 1, id, now(), now(), now(), now(), 'sent', 'push', 0 from campaigns`,
  `insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, updated_at) select '2026-03-01', $1, 77, id, 1, 'push', now(), now() from campaigns`,
  `insert into message_events (month, user_id, delivery_id, type, machine, source, occurred_at, received_at, action) values ('2026-03-01', $1, 77, 'opened', false, 'app', now(), now(), 'call mustermann')`,
  `insert into conversions (user_id, event_id, name, occurred_at, value, currency, month, delivery_id, campaign_id, run_id, credited_at)
   select $1, 'order-4711', 'purchase', now(), 10, 'EUR', '2026-03-01', 77, id, 1, now() from campaigns`,
  `insert into tracked_links (url_hash, url) values ('\\x01', 'https://shop.example/?mail=erika.mustermann%40example.com'), ('\\x02', 'https://shop.example/sale')`,
];

/** Every text, jsonb and array of the database, searched for what could lead to the person. */
async function traces(): Promise<string[]> {
  const columns = await app.db.raw<{ t: string; c: string }>(
    `select c.table_name as t, c.column_name as c from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bytea')`);
  expect(columns.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const { t, c } of columns) {
    for (const trace of TRACES) {
      const rows = await app.db.raw(`select 1 from "${t}" where convert_from(convert_to(lower("${c}"::text), 'UTF8'), 'UTF8') like '%' || lower($1) || '%' limit 1`, [trace]);
      if (rows.length > 0) found.push(`${t}.${c}: ${trace}`);
    }
  }
  return found;
}

describe('erasure', () => {
  let id: string;
  let answer: Answer;
  let before: string[];
  let exported: Answer;

  beforeAll(async () => {
    id = await remember();
    before = await traces();
    exported = await admin('get', `/v1/users/${ERIKA.userId}/export`);
    answer = await admin('delete', `/v1/users/${ERIKA.userId}`);
  });

  it('is preceded by an export of all that is held', () => {
    expect(exported.status).toBe(200);
    expect(exported.body).toMatchObject({
      profile: { userId: ERIKA.userId, email: ERIKA.email, attributes: { surname: 'Mustermann' }, devices: [{ token: 'token-of-mustermann' }], scores: { rfm: { group: 'champions' } } },
      subscriptionLog: [{ source: 'mustermann form' }, { messageId: 'm-4711' }],
      segmentHistory: [{ segment: 'vip', entered: true }],
      conversions: [{ eventId: 'order-4711', value: 10 }], messages: [{ outcome: 'sent' }], messageEvents: [{ type: 'opened', action: 'call mustermann' }],
      events: [{ eventId: 'old-4711' }, { eventId: 'order-4711', value: 10, properties: { to: 'Mustermann' } }],
    });
    expect(exported.body.eventDays).toHaveLength(2);
  });

  it('is accepted with a job, and from then on there is no such user', async () => {
    expect(answer).toMatchObject({ status: 202, body: { jobId: expect.any(String) } });
    for (const path of ['', '/subscriptions', '/export']) expect((await admin('get', `/v1/users/${ERIKA.userId}${path}`)).status).toBe(404);
    expect((await admin('get', '/v1/users?email=erika.mustermann@example.com')).body.data).toEqual([]);
    expect((await admin('delete', `/v1/users/${ERIKA.userId}`)).status).toBe(404);
  });

  it('leaves no trace in any column of any table, at once', async () => {
    // The search itself works: before, it found the person in all these places.
    for (const place of ['users.user_id', 'users.email', 'devices.token', 'events.properties', 'conversions.event_id', 'message_events.action', 'tracked_links.url', 'idempotency_keys.body']) {
      expect(before.some((found) => found.startsWith(place))).toBe(true);
    }
    expect(await traces()).toEqual([]);
  });

  it('ends with a job that sweeps what came in meanwhile', async () => {
    await app.db.raw(`insert into message_events (month, user_id, delivery_id, type, machine, source, occurred_at, received_at, action)
      values ('2026-03-01', $1, 77, 'dismissed', false, 'app', now(), now(), 'mustermann')`, [id]);
    await app.db.raw(`insert into conversions (user_id, event_id, name, occurred_at, month, delivery_id, campaign_id, run_id, credited_at)
      values ($1, 'late-4711', 'purchase', now(), '2026-03-01', 77, 1, 1, now())`, [id]);
    expect((await app.job(answer.body.jobId)).status).toBe('done');
    expect(await traces()).toEqual([]);
  });

  it('keeps the totals of past campaigns under a number that leads to nobody', async () => {
    const [totals] = await app.db.raw(`select (select count(*)::int from deliveries) as sent, (select count(*)::int from message_facts where opened_at is not null) as opened,
      (select count(*)::int from conversions) as converted, (select sum(value)::int from conversions) as revenue`);
    expect(totals).toEqual({ sent: 1, opened: 1, converted: 2, revenue: 10 });
  });

  it('touches nobody else', async () => {
    expect((await admin('get', '/v1/users/bystander')).body).toMatchObject({ email: 'by@example.com', attributes: { a: 1 } });
    expect(await app.db.raw(`select count(*)::int as n from events`)).toEqual([{ n: 1 }]);
    expect(await app.db.raw(`select url from tracked_links`)).toEqual([{ url: 'https://shop.example/sale' }]);
  });

  it('keeps the address suppressed, by its hash alone, against the host’s next export and against removal', async () => {
    const look = async () => (await admin('get', '/v1/suppressions?email=erika.mustermann@EXAMPLE.com')).body.data;
    expect(await look()).toMatchObject([{ email: null, reason: 'erased' }]);
    await admin('post', '/v1/users/batch', { users: [{ ...ERIKA, devices: [] }] });
    await admin('post', '/v1/suppressions', { add: [{ email: ERIKA.email, reason: 'bounce' }], remove: [ERIKA.email] });
    expect(await look()).toMatchObject([{ email: null, reason: 'erased' }]);
  });

  it('is lifted by the person’s own fresh wish for mail only', async () => {
    const wish = (body: object) => admin('put', `/v1/users/${ERIKA.userId}/subscriptions`, body);
    const suppressed = () => app.db.raw('select 1 from suppressions where address_hash = $1', [app.app.get(Addresses, { strict: false }).hash(ERIKA.email)]);
    app.clock.advance({ minutes: 1 });
    await wish({ channel: 'push', state: 'subscribed' });
    await wish({ channel: 'email', state: 'unsubscribed' });
    await wish({ channel: 'email', topic: 'promo', state: 'subscribed', occurredAt: '2026-01-01T00:00:00Z' });
    expect(await suppressed()).toHaveLength(1);
    await wish({ channel: 'email', state: 'subscribed' });
    expect(await suppressed()).toHaveLength(0);
  });
});

it('erasing people while batches write them never fails, and leaves whole people or none', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `flux-${i}`);
  const users = names.map((userId) => ({ userId, devices: [{ token: `${userId}-token`, platform: 'web' }], subscriptions: [{ channel: 'push', state: 'subscribed' }] }));
  const events = names.map((userId) => ({ userId, eventId: 'e', name: 'view', occurredAt: '2026-03-01T00:00:00Z' }));
  await admin('post', '/v1/users/batch', { users });
  const before = await deadlocksOf(app);
  const answers = await Promise.all([
    ...Array.from({ length: 6 }, (_, i) => admin('post', '/v1/users/batch', { users: i % 2 ? users : [...users].reverse() })),
    ...Array.from({ length: 6 }, () => admin('post', '/v1/events', { events })),
    ...names.map((userId) => admin('delete', `/v1/users/${userId}`)),
  ]);
  expect(answers.filter((a) => ![200, 202].includes(a.status))).toEqual([]);
  expect(await deadlocksOf(app)).toBe(before);
  const [orphans] = await app.db.raw(`select
    (select count(*)::int from events e where name = 'view' and not exists (select from users u where u.id = e.user_id)) as events,
    (select count(*)::int from event_keys k where event_id = 'e' and not exists (select from users u where u.id = k.user_id)) as keys`);
  expect(orphans).toEqual({ events: 0, keys: 0 });
});

it('only an admin erases and exports', async () => {
  for (const scope of ['marketer', 'analyst', 'ingest', 'app'] as const) {
    expect((await callerOf(app, scope)('delete', '/v1/users/bystander')).status).toBe(403);
    expect((await callerOf(app, scope)('get', '/v1/users/bystander/export')).status).toBe(403);
  }
});
