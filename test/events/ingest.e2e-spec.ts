import { IngestHooks, type AcceptedEvent } from '../../src/events/index.js';
import type { TestApp } from '../support/test-app.js';
import { mutateSql } from '../support/mutated-sql.js';
import { appOf, callerOf, deadlocksOf, pathsOf, startRecipients } from '../recipients/start.js';

let app: TestApp;
let ingest: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  ingest = callerOf(app, 'ingest');
});
afterAll(() => app.close());

let serial = 0;
const event = (changes: object = {}) => ({ eventId: `e${serial++}`, userId: 'anna', name: 'view', occurredAt: '2026-03-01T10:00:00Z', ...changes });
const send = (...events: object[]) => ingest('post', '/v1/events', { events });

interface DayRow {
  userId: string;
  name: string;
  day: string;
  currency: string;
  count: number;
  sum: string;
  first: string;
  last: string;
}
const DAYS = `select u.user_id as "userId", d.name, d.day::text, d.currency, d.count, d.sum::text, d.first_at::text as first, d.last_at::text as last
  from user_event_days d join users u on u.id = d.user_id`;
const RECOUNT = `select u.user_id as "userId", e.name, ((e.occurred_at at time zone 'UTC')::date)::text as day, coalesce(e.currency, '') as currency, count(*)::int as count,
  coalesce(sum(e.value), 0)::text as sum, min(e.occurred_at)::text as first, max(e.occurred_at)::text as last
  from events e join users u on u.id = e.user_id group by 1, 2, 3, 4`;

async function expectAggregatesToEqualARecount(): Promise<void> {
  const order = ' order by 1, 2, 3, 4';
  const kept = await app.db.raw<DayRow>(DAYS + order);
  const recounted = await app.db.raw<DayRow>(RECOUNT + order);
  const same = (rows: DayRow[]) => rows.map((row) => ({ ...row, sum: Number(row.sum) }));
  expect(kept.length).toBeGreaterThan(0);
  expect(same(kept)).toEqual(same(recounted));
}

describe('an event', () => {
  it('is stored with all it says, and creates its user', async () => {
    const answer = await send(event({ userId: 'bea', eventId: 'order-1', name: 'purchase', occurredAt: '2026-03-01T23:30:00-02:00', value: 19.99, currency: 'EUR', properties: { sku: 'x', n: [1, null] } }));
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1, duplicates: 0, rejected: [] } });
    const rows = await app.db.raw(`select u.user_id, e.month::text, e.event_id, e.name, e.occurred_at, e.value, e.currency, e.properties, e.imported
      from events e join users u on u.id = e.user_id where e.event_id = 'order-1'`);
    expect(rows).toEqual([{
      user_id: 'bea', month: '2026-03-01', event_id: 'order-1', name: 'purchase', occurred_at: new Date('2026-03-02T01:30:00Z'), value: '19.99', currency: 'EUR',
      properties: { sku: 'x', n: [1, null] }, imported: false,
    }]);
    expect(await app.db.raw(`${DAYS} where u.user_id = 'bea'`)).toMatchObject([{ day: '2026-03-02', currency: 'EUR', count: 1, sum: '19.99' }]);
  });

  it('keeps its own properties beside others with none, with empty ones, with quotes, commas and control characters', async () => {
    const given = [null, {}, { text: 'a\u001fb' }, null, { text: '"{,}\\' }, null];
    await send(...given.map((properties, i) => event({ userId: 'quentin', eventId: `prop-${i}`, ...(properties ? { properties } : {}) })));
    await send(event({ userId: 'quentin', eventId: 'prop-6' }));
    const rows = await app.db.raw(`select properties from events where event_id like 'prop-%' order by event_id`);
    expect(rows).toEqual([...given, null].map((properties) => ({ properties })));
  });

  it('counts once per user and event id; the first write wins, in a batch as across batches', async () => {
    const first = event({ userId: 'carl', eventId: 'same', value: 1 });
    const again = { ...first, name: 'other', value: 100 };
    expect((await send(first, again, { ...first, userId: 'dora' })).body).toEqual({ accepted: 2, duplicates: 1, rejected: [] });
    expect((await send(again, event({ userId: 'carl' }))).body).toEqual({ accepted: 1, duplicates: 1, rejected: [] });
    expect(await app.db.raw(`select e.name, e.value from events e join users u on u.id = e.user_id where u.user_id = 'carl' and e.event_id = 'same'`)).toEqual([{ name: 'view', value: '1' }]);
    expect(await app.db.raw(`select count(*)::int as n, sum(d.sum)::int as total from user_event_days d join users u on u.id = d.user_id where u.user_id = 'carl'`))
      .toEqual([{ n: 1, total: 1 }]);
  });

  it('is answered for itself where many come at once, each in a request of its own, and counts once', async () => {
    const own = Array.from({ length: 60 }, (_, i) => event({ userId: `gus${i % 7}`, value: 2 }));
    const answers = await Promise.all([...own, ...own].map((e, i) => (i % 10 === 0 ? send(e, { ...event(), name: 7 }) : send(e))));
    const sum = (field: 'accepted' | 'duplicates'): number => answers.reduce((total, { body }) => total + body[field], 0);
    expect([sum('accepted'), sum('duplicates')]).toEqual([60, 60]);
    expect(answers.map(({ body }) => [body.accepted + body.duplicates, body.rejected.length])).toEqual(answers.map((_, i) => [1, i % 10 === 0 ? 1 : 0]));
    expect(await app.db.raw(`select sum(d.count)::int as n, sum(d.sum)::int as total from user_event_days d join users u on u.id = d.user_id where u.user_id like 'gus%'`))
      .toEqual([{ n: 60, total: 120 }]);
  });

  it('counts at its own time, however late or out of order, a log of 1997 too', async () => {
    const times = ['2026-02-10T12:00:00Z', '1997-01-01T00:00:00Z', '2026-02-10T09:00:00Z', '2019-12-31T23:59:59Z', '2020-01-01T00:00:00Z', '2026-03-03T12:00:00Z', '1997-01-01T18:00:00Z'];
    for (const occurredAt of times) expect((await send(event({ userId: 'emil', occurredAt }))).body.accepted).toBe(1);
    expect(await app.db.raw(`${DAYS} where u.user_id = 'emil' order by d.day`)).toMatchObject([
      { day: '1997-01-01', count: 2, first: '1997-01-01 00:00:00+00', last: '1997-01-01 18:00:00+00' }, { day: '2019-12-31', count: 1 }, { day: '2020-01-01', count: 1 },
      { day: '2026-02-10', count: 2, first: '2026-02-10 09:00:00+00', last: '2026-02-10 12:00:00+00' }, { day: '2026-03-03', count: 1 },
    ]);
  });

  it('later than 24 h from now is rejected; a refund is a negative sum; currencies stand apart', async () => {
    const late = await send(event({ userId: 'fritz', occurredAt: '2026-03-03T12:00:01Z' }));
    expect(late.body).toMatchObject({ accepted: 0, rejected: [{ index: 0, path: 'occurredAt' }] });
    await send(
      event({ userId: 'fritz', name: 'purchase', value: 10, currency: 'EUR' }), event({ userId: 'fritz', name: 'purchase', value: -4.5, currency: 'EUR' }),
      event({ userId: 'fritz', name: 'purchase', value: 7, currency: 'USD' }), event({ userId: 'fritz', name: 'purchase', value: 1 }));
    expect(await app.db.raw(`${DAYS} where u.user_id = 'fritz' order by d.currency`)).toMatchObject([
      { currency: '', count: 1, sum: '1' }, { currency: 'EUR', count: 2, sum: '5.5' }, { currency: 'USD', count: 1, sum: '7' },
    ]);
  });

  it('that is wrong is rejected with its place and field, and costs no other', async () => {
    const answer = await send(event({ userId: 'gerd' }), event({ name: '' }), 'nonsense' as never, event({ value: '5' }), event({ properties: { a: '\0' } }), event({ userId: 'gerd' }));
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(answer.body.rejected.map((r: { index: number; path?: string }) => [r.index, r.path])).toEqual([[1, 'name'], [2, undefined], [3, 'value'], [4, 'properties.a']]);
  });
});

describe('the envelope', () => {
  it.each([[{}, 'events'], [{ events: {} }, 'events'], [[], 'events'], [{ events: [], extra: 1 }, 'extra'], [{ events: Array.from({ length: 1001 }, () => ({})) }, 'events']])(
    '%#: is a 400 that names the field', async (body, path) => {
      expect(pathsOf(await ingest('post', '/v1/events', body))).toContain(path);
    });

  it('of no rows is taken', async () => {
    expect((await send()).body).toEqual({ accepted: 0, duplicates: 0, rejected: [] });
  });

  it('needs the right key, before anything else', async () => {
    for (const scope of ['marketer', 'analyst'] as const) expect((await callerOf(app, scope)('post', '/v1/events', { nonsense: 1 })).status).toBe(403);
  });
});

describe('an app key', () => {
  it('sends its own user’s events without money; each other row is rejected with the reason', async () => {
    const mine = await appOf(app, 'hans');
    const own = event({ userId: 'hans', occurredAt: '2026-03-02T11:00:00Z' });
    const answer = await mine('post', '/v1/events', { events: [own, event({ userId: 'anna' }), event({ userId: 'hans', value: 0 }), event({ userId: 'hans', name: 'purchase' })] });
    expect(answer.body.accepted).toBe(1);
    expect(answer.body.rejected.map((r: { index: number; path: string }) => [r.index, r.path])).toEqual([[1, 'userId'], [2, 'value'], [3, 'name']]);
    const seen = () => app.db.raw(`select last_seen_at from users where user_id = 'hans'`);
    expect(await seen()).toEqual([{ last_seen_at: new Date('2026-03-02T11:00:00Z') }]);
    await mine('post', '/v1/events', { events: [event({ userId: 'hans', occurredAt: '2026-01-01T00:00:00Z' })] });
    expect(await seen()).toEqual([{ last_seen_at: new Date('2026-03-02T11:00:00Z') }]);
    await mine('post', '/v1/events', { events: [event({ userId: 'hans', occurredAt: '2026-03-03T11:00:00Z' })] });
    expect(await seen()).toEqual([{ last_seen_at: app.clock.now() }]);
  });

  it('reaching only for another user, or for none, is forbidden', async () => {
    const mine = await appOf(app, 'hans');
    expect((await mine('post', '/v1/events', { events: [event({ userId: 'anna' })] })).status).toBe(403);
    expect((await callerOf(app, 'app')('post', '/v1/events', { events: [event({ userId: 'hans' })] })).status).toBe(403);
  });

  it('is held to the purchase event as the settings name it', async () => {
    const mine = await appOf(app, 'hans');
    await callerOf(app, 'admin')('patch', '/v1/settings', { purchaseEvent: 'order' });
    const answer = await mine('post', '/v1/events', { events: [event({ userId: 'hans', name: 'order' }), event({ userId: 'hans', name: 'purchase' })] });
    expect(answer.body).toMatchObject({ accepted: 1, rejected: [{ index: 0, path: 'name' }] });
    await callerOf(app, 'admin')('patch', '/v1/settings', { purchaseEvent: 'purchase' });
  });

  it('of the backend does not make a user seen', async () => {
    await send(event({ userId: 'unseen' }));
    expect(await app.db.raw(`select last_seen_at from users where user_id = 'unseen'`)).toEqual([{ last_seen_at: null }]);
  });
});

describe('hooks', () => {
  it('see exactly what counted, inside the transaction, and can fail it whole', async () => {
    const seen: AcceptedEvent[][] = [];
    let broken = false;
    app.app.get(IngestHooks, { strict: false }).register(async (tx, accepted) => {
      const [row] = await tx.raw<{ n: number }>('select count(*)::int as n from events where user_id = $1', [accepted[0]!.userId]);
      expect(row!.n).toBeGreaterThan(0);
      seen.push(accepted);
      if (broken) throw new Error('a hook that fails');
    });
    const one = event({ userId: 'hook', eventId: 'one', value: 0.1, currency: 'EUR' });
    await send(one, one, { ...one, value: 'bad' });
    await send(one);
    expect(seen).toEqual([[{ userId: expect.stringMatching(/^\d+$/), eventId: 'one', name: 'view', occurredAt: new Date('2026-03-01T10:00:00Z'), value: '0.1', currency: 'EUR', properties: null }]]);
    broken = true;
    expect((await send(event({ userId: 'hook', eventId: 'two' }))).status).toBe(500);
    broken = false;
    expect((await send(event({ userId: 'hook', eventId: 'two' }))).body.accepted).toBe(1);
  });
});

/** A batch over the same users as every other, every second one in the opposite order. */
function commonBatch(users: readonly string[], n: number) {
  const rows = users.flatMap((userId, i) => [
    // This one is in every batch: whoever comes first counts it.
    event({ userId, eventId: `shared-${i}`, name: 'purchase', value: 1.5, currency: 'EUR', occurredAt: `2026-02-0${1 + (i % 3)}T00:00:00Z` }),
    event({ userId, eventId: `own-${n}`, name: i % 2 ? 'view' : 'cart', occurredAt: `2025-1${n % 3}-10T0${n % 9}:00:00Z` }),
  ]);
  return n % 2 ? rows : rows.reverse();
}

it('eight and eight batches with common users and common events, in opposite order, all succeed and count once', async () => {
  const users = Array.from({ length: 400 }, (_, i) => `common-${i}`);
  await send(...users.map((userId) => event({ userId })));
  const before = await deadlocksOf(app);
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => ingest('post', '/v1/events', { events: commonBatch(users, n) })));
  expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
  expect(await deadlocksOf(app)).toBe(before);
  const sum = (field: 'accepted' | 'duplicates') => answers.reduce((total, a) => total + a.body[field], 0);
  expect({ accepted: sum('accepted'), duplicates: sum('duplicates') }).toEqual({ accepted: 400 * (1 + 16), duplicates: 400 * 15 });
  await expectAggregatesToEqualARecount();
});

it('the same batches deadlock when the keys are taken in the order of the rows, so the test above can fail', async () => {
  const users = Array.from({ length: 50 }, (_, i) => `unordered-${i}`);
  await send(...users.map((userId) => event({ userId })));
  // Slowed down, so that the batches are at their keys at the same time.
  const paused = 'from given as g cross join lateral (select pg_sleep(0.002 + 0 * g.position)) as pause';
  const deadlocks = async (source: string): Promise<number> => {
    const before = await deadlocksOf(app);
    const mutant = mutateSql((sql) => sql.replace('from given as g order by g.user_id, g.event_id', source));
    const rows = (n: number) => commonBatch(users, n).map((row) => ({ ...row, eventId: `${row.eventId} ${source.length}` }));
    await Promise.all([0, 1].map((n) => ingest('post', '/v1/events', { events: rows(n) }))).finally(mutant.undo);
    expect(mutant.hits()).toBeGreaterThanOrEqual(2);
    return (await deadlocksOf(app)) - before;
  };
  expect(await deadlocks(`${paused} order by g.user_id, g.event_id`)).toBe(0);
  expect(await deadlocks(paused)).toBeGreaterThan(0);
});

it('aggregates equal a recount of the raw events after any mixture of batches, duplicates and rejects', async () => {
  let state = 42;
  const draw = (n: number): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % n;
  const random = () => event({
    userId: `mix-${draw(20)}`, eventId: `m${draw(400)}`, name: ['view', 'purchase', 'purchase '][draw(3)], occurredAt: new Date(Date.UTC(2019 + draw(7), draw(12), 1 + draw(28), draw(24), draw(60))).toISOString(),
    ...(draw(2) ? { value: draw(10_000) / 100 - 20 } : {}), ...(draw(3) ? { currency: ['EUR', 'USD', 'JPY', 'bad'][draw(4)] } : {}),
  });
  const rounds = Array.from({ length: 12 }, () => Array.from({ length: 200 }, random));
  const answers = await Promise.all(rounds.map((events) => ingest('post', '/v1/events', { events })));
  for (const { body } of answers) expect(body.accepted + body.duplicates + body.rejected.length).toBe(200);
  await expectAggregatesToEqualARecount();
  const [row] = await app.db.raw(`select (select count(*)::int from event_keys) as keys, (select count(*)::int from events) as events`);
  expect(row).toMatchObject({ keys: (row as { events: number }).events });
});

it('a month whose partition was dropped meanwhile is made again', async () => {
  await send(event({ userId: 'retention', occurredAt: '2021-05-05T00:00:00Z' }));
  await app.db.raw('drop table events_202105');
  expect((await send(event({ userId: 'retention', occurredAt: '2021-05-06T00:00:00Z' }))).body.accepted).toBe(1);
});
