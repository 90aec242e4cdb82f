/**
 * `node bench/worth.bench.mjs [--users 65536] [--history 10]`: what it costs to decide with worth on, and with worth under a budget of
 * messages: the same campaign over the same people and ledger, decided bucket by bucket, three times; as ratios to the time without.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRoot } from '../scripts/lib/paths.mjs';
import { SetClock, appOn, built, embedded, machine } from './lib.mjs';

const { values } = parseArgs({ options: { users: { type: 'string', default: '65536' }, history: { type: 'string', default: '10' } } });
const [USERS, HISTORY] = [Number(values.users), Number(values.history)];
const BUCKET = 16_384;
const NOW = new Date();
const { BucketPass } = await built('planning/bucket-pass.js');
const { PortfolioPricer } = await built('planning/portfolio-pricer.js');
const { ScoreRefresh } = await built('scoring/index.js');
const { ApiDatabase } = await built('platform/database/index.js');

const servers = await embedded();
try {
  const clock = new SetClock();
  clock.at = NOW;
  const { app, call } = await appOn(servers, 'worth', clock, false);
  const db = app.get(ApiDatabase);
  await seed(db, call);
  await app.get(ScoreRefresh).run();
  for (const way of [{}, { worth: true }]) await decide(app, db, call, clock, way); // Warm: plans, caches, the curve.
  const plain = await decide(app, db, call, clock, {});
  const worth = await decide(app, db, call, clock, { worth: true });
  const priced = await decide(app, db, call, clock, { worth: true, budget: Math.floor(USERS / 4) });
  report({ plain, worth, priced });
  await app.close();
} finally {
  await servers.stop();
}
process.exit();

async function seed(db, call) {
  const month = `${NOW.toISOString().slice(0, 7)}-01`;
  await call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await call('POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'News' } } });
  await db.raw(`select ensure_month_partition('deliveries', $1::date), ensure_month_partition('decision_worth', $1::date)`, [month]);
  await db.raw(`select setval('user_id_seq', $1, false)`, [BUCKET]);
  await db.raw(`with made as (insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'u' || n, now() from generate_series(1, $1::integer) as n returning id, user_id)
    insert into devices (token_hash, token, user_id, platform, permission, last_seen_at) select sha256(user_id::bytea), 'token-' || user_id, id, 'android', 'granted', $2 from made`, [USERS, NOW]);
  await db.raw(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
    select $1, u.id, -n, 0, 0, 1, x.at, x.at, x.at, x.at, x.at, 0, 'sent', 'push' from users as u, generate_series(1, $2::integer) as n, lateral (select $3::timestamptz - n * interval '25 hours' as at) as x`, [month, HISTORY, NOW]);
  await db.raw(`insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, delivered_at, opened_at, updated_at)
    select d.month, d.user_id, d.id, 0, d.run_id, 'push', d.settled_at, d.settled_at, d.settled_at from deliveries as d where (d.user_id + d.run_id) % 5 = 0`);
  await db.raw(`insert into conversions (user_id, event_id, name, occurred_at, value, month, delivery_id, campaign_id, run_id, credited_at)
    select d.user_id, d.id::text, 'purchase', d.settled_at, 50, d.month, d.id, 0, d.run_id, d.settled_at from deliveries as d where (d.user_id * 7 + d.run_id) % 20 = 0`);
  await call('POST', '/v1/events', { events: [{ eventId: 'first', userId: 'bystander', name: 'purchase', occurredAt: new Date(NOW - 86_400_000).toISOString(), value: 50, currency: 'EUR' }] });
  await db.raw('vacuum analyze');
}

/** One campaign over everybody. @returns milliseconds, the price's apart, and what became of them */
async function decide(app, db, call, clock, { worth = false, budget = null }) {
  const { id } = await call('POST', '/v1/campaigns', {
    name: 'bench', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] }, schedule: { type: 'now' },
    worth, conversion: { event: 'purchase', window: 'P3D' } });
  await call('PATCH', '/v1/settings', { openValue: 0.01, messageBudget: budget === null ? {} : { push: budget } });
  clock.at = new Date(clock.at.getTime() + 5_000);
  await call('POST', `/v1/campaigns/${id}/launch`, {});
  const buckets = Array.from({ length: Math.ceil(USERS / BUCKET) }, (_, i) => i + 1);
  const pass = app.get(BucketPass);
  const pricing = budget === null ? 0 : await timed(() => app.get(PortfolioPricer).price());
  let ms = 0;
  let longest = 0;
  for (const bucket of buckets) {
    const took = await timed(async () => {
      const { busy } = await pass.run(bucket);
      if (busy) throw new Error('the pass was not made');
    });
    ms += took;
    longest = Math.max(longest, took);
  }
  const counted = await db.raw(`select coalesce(reason::text, state::text) as outcome, count(*)::integer as n from deliveries where campaign_id = $1 group by 1 order by 1`, [id]);
  await db.raw(`update deliveries set state = 'suppressed', reason = 'cancelled', counted_at = null where state = 'queued'`);
  await db.raw(`update campaigns set status = 'completed' where id = $1`, [id]);
  await db.raw('vacuum analyze deliveries');
  return { ms, longest, pricing, outcomes: counted.map(({ outcome, n }) => `${n} ${outcome}`).join(', ') };
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function report({ plain, worth, priced }) {
  const row = (what, { ms, longest, pricing, outcomes }) => `| ${what} | ${(ms / plain.ms).toFixed(2)} | ${Math.round((USERS / ms) * 1000).toLocaleString('en-US')}/s | ${Math.round(longest)} ms | ${pricing ? `${Math.round(pricing)} ms` : ''} | ${outcomes} |`;
  const text = `
## The cost of worth, ${new Date().toISOString().slice(0, 10)}

\`node bench/worth.bench.mjs --users ${USERS} --history ${HISTORY}\` on ${machine()}, one planner.

| deciding | time, without = 1 | decisions | longest pass | pricing | outcome |
| --- | --- | --- | --- | --- | --- |
${row('without worth', plain)}
${row('with worth', worth)}
${row('with worth under a budget', priced)}
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
