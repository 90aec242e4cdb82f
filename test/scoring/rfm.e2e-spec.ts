import fc from 'fast-check';
import { WorkerDatabase, type Transaction } from '../../src/platform/database/index.js';
import { rfmGroup, rfmScores } from '../../src/scoring/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aggregateEvents } from './cdnow.js';

const RUNS = Math.min(2_000, Number(process.env.RAPPORT_PROPERTY_RUNS ?? 150));
const AS_OF = new Date('2026-03-02T12:00:00Z');
const HOUR = 3_600_000;

let database: TestDatabase;
let db: WorkerDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new WorkerDatabase(database.url);
  for (const month of ['2025-08-01', '2026-02-01', '2026-03-01']) await db.raw(`select ensure_month_partition('events', $1)`, [month]);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('names the group of each of the 25 cells as the pure function does', async () => {
  const cells = await db.raw<{ r: number; f: number; group: string }>(
    'select r, f, rfm_group(r, f) as "group" from generate_series(1, 5) r, generate_series(1, 5) f');
  expect(cells).toHaveLength(25);
  for (const { r, f, group } of cells) expect([r, f, group]).toEqual([r, f, rfmGroup(r, f)]);
});

interface Purchase {
  user: number;
  hoursAgo: number;
  cents: number | null;
  currency: 'EUR' | 'USD' | null;
  name: 'purchase' | 'view';
}

const purchase: fc.Arbitrary<Purchase> = fc.record({
  user: fc.integer({ min: 1, max: 12 }), hoursAgo: fc.constantFrom(-12, -1, 0, 1, 11, 12, 13, 24, 36, 37, 200, 5_000),
  cents: fc.option(fc.constantFrom(10, 20, 30, 1_000, -500)), currency: fc.constantFrom('EUR', 'USD', null), name: fc.constantFrom('purchase', 'purchase', 'view'),
});

async function inDatabase(purchases: Purchase[], work: (tx: Transaction) => Promise<void>): Promise<void> {
  const end = new Error('rolled back');
  await db.transaction(async (tx) => {
    const rows = purchases.map((p, n) => ({ ...p, n, at: new Date(AS_OF.getTime() - p.hoursAgo * HOUR), value: p.cents === null ? null : p.cents / 100 }));
    await tx.raw(`insert into users (id, user_id, created_at) select i, i::text, now() from generate_series(1, 12) i`);
    await tx.raw(`insert into events (month, user_id, occurred_at, name, event_id, value, currency, received_at)
      select date_trunc('month', at at time zone 'UTC'), "user", at, name, n::text, value, currency, now()
      from jsonb_to_recordset($1) as r (n int, "user" bigint, at timestamptz, name text, value numeric, currency text)`, [JSON.stringify(rows)]);
    await aggregateEvents(tx);
    await work(tx);
    throw end;
  }).catch((error: unknown) => {
    if (error !== end) throw error;
  });
}

/** The pure scores of everybody with a purchase in EUR (or without a currency) by the instant. */
function expected(purchases: Purchase[]): object[] {
  const counted = purchases.filter((p) => p.name === 'purchase' && p.currency !== 'USD' && p.hoursAgo >= 0);
  const users = [...new Set(counted.map((p) => p.user))].sort((a, b) => a - b);
  const facts = users.map((user) => {
    const own = counted.filter((p) => p.user === user);
    return { recency: Math.min(...own.map((p) => p.hoursAgo)), frequency: own.length, monetary: own.reduce((sum, p) => sum + (p.cents ?? 0), 0) };
  });
  return rfmScores(facts).map((score, i) => ({
    user: users[i], ...score, group: rfmGroup(score.recency, score.frequency), purchases: facts[i]!.frequency, cents: facts[i]!.monetary,
  }));
}

it(`the SQL scores ${RUNS} generated shops as the pure function does, edge day and currencies included`, async () => {
  await fc.assert(fc.asyncProperty(fc.array(purchase, { maxLength: 60 }), async (purchases) => {
    await inDatabase(purchases, async (tx) => {
      const rows = await tx.raw<Record<string, string>>(`select user_id, recency, frequency, monetary, rfm_group, purchases, revenue * 100 as cents
        from rfm_as_of('purchase', 'EUR', $1) order by user_id`, [AS_OF]);
      expect(rows.map((row) => ({
        user: Number(row.user_id), recency: Number(row.recency), frequency: Number(row.frequency), monetary: Number(row.monetary),
        group: row.rfm_group, purchases: Number(row.purchases), cents: Number(row.cents),
      }))).toEqual(expected(purchases));
    });
  }), { numRuns: RUNS });
}, 300_000);
