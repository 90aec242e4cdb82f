import { LedgerFactory } from '../factories/ledger.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t?.close());

async function read(): Promise<Record<string, string>> {
  await t.loop('ledger-metrics');
  const { text } = await t.http.get('/metrics').set(auth(t.adminKey)).expect(200);
  return Object.fromEntries([...text.matchAll(/^rapport_(ledger_imbalance|unknown_open|oldest_due_seconds) (\S+)$/gm)].map(([, name, value]) => [name!, value!]));
}

it('the imbalance reads 0 while every row is counted, and not when a closed run has an open row', async () => {
  const ledger = new LedgerFactory(t.db);
  const campaign = await ledger.campaign();
  const states = ['sent', 'failed', 'unknown', 'suppressed', 'held_out', 'deferred', 'queued'] as const;
  for (const state of states) await ledger.delivery(campaign, await ledger.user(state), { state });
  t.clock.set('2026-03-01T12:00:30Z');
  expect(await read()).toEqual({ ledger_imbalance: '0', unknown_open: '1', oldest_due_seconds: '30' });
  await t.db.raw(`update runs set completed_at = '2026-03-01T12:00:20Z' where id = $1`, [campaign.runId]);
  await t.db.raw(`update chunks set closed_at = '2026-03-01T12:00:20Z'`);
  expect(await read()).toEqual({ ledger_imbalance: '2', unknown_open: '1', oldest_due_seconds: '0' });
});

it('answers kept for an Idempotency-Key go after 24 h', async () => {
  t.clock.set('2026-03-03T12:00:00Z');
  const make = (key: string) => t.http.post('/v1/keys').set(auth(t.adminKey)).set('Idempotency-Key', key).send({ name: key, scope: 'app' }).expect(201);
  for (const [key, made] of [['old', '2026-03-02T11:59:00Z'], ['young', '2026-03-02T12:01:00Z']] as const) {
    await make(key);
    await t.db.raw('update idempotency_keys set created_at = $2 where key = $1', [key, made]);
  }
  await t.loop('idempotency-keys');
  expect(await t.db.raw('select key from idempotency_keys')).toEqual([{ key: 'young' }]);
});
