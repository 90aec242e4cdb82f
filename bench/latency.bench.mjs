/**
 * `node bench/latency.bench.mjs [--seconds 40] [--rate 1000] [--people 50000]`: how long it takes from an open or an opt-out until the
 * person's score, segments and the decision on them say so, while opens come in at a rate from other people. One process with all its
 * loops, real clock; what is measured is asked over HTTP as a client would, every 50 ms.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setTimeout as rest } from 'node:timers/promises';
import { inRoot } from '../scripts/lib/paths.mjs';
import { appOn, built, embedded, machine } from './lib.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '40' }, rate: { type: 'string', default: '1000' }, people: { type: 'string', default: '50000' } } });
const [SECONDS, RATE, PEOPLE] = [Number(values.seconds), Number(values.rate), Number(values.people)];
const PROBES_A_SECOND = 3;
const GIVE_UP_MS = 60_000;

const { SystemClock } = await built('platform/clock/index.js');
const { ApiDatabase } = await built('platform/database/index.js');
const { MessageIds } = await built('planning/index.js');
const servers = await embedded();
try {
  const { app, call } = await appOn(servers, 'latency', new SystemClock(), true);
  const { messages, campaign } = await seed(app, call);
  const probes = messages.splice(0, SECONDS * PROBES_A_SECOND * 2);
  const lags = { score: [], segment: [], decision: [] };
  const told = { sent: 0 };
  const load = send(call, messages, told);
  const watched = [];
  for (let i = 0; i < SECONDS * PROBES_A_SECOND; i++) {
    watched.push(watchOpen(call, probes[2 * i], lags), watchOptOut(call, probes[2 * i + 1], campaign, lags));
    await rest(1_000 / PROBES_A_SECOND);
  }
  const [rate] = await Promise.all([load, ...watched]);
  report(lags, rate);
  await app.close();
} finally {
  await servers.stop();
}
process.exit();

async function seed(app, call) {
  const db = app.get(ApiDatabase);
  const month = `${new Date().toISOString().slice(0, 7)}-01`;
  await call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await call('POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'News' } } });
  await call('POST', '/v1/segments', { key: 'readers', name: 'Readers', rule: { message: 'opened', channel: 'push', op: 'gte', value: 1 } });
  const { id: campaign } = await call('POST', '/v1/campaigns', { name: 'next', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] }, schedule: { type: 'now' } });
  await db.raw(`select ensure_month_partition('deliveries', $1::date)`, [month]);
  await db.raw(`with made as (insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'u' || n, now() from generate_series(1, $1::integer) as n returning id, user_id)
    insert into devices (token_hash, token, user_id, platform, permission, last_seen_at) select sha256(user_id::bytea), 'token-' || user_id, id, 'android', 'granted', now() from made`, [PEOPLE]);
  await db.raw(`insert into runs (campaign_id, scheduled_for, month, expires_at, completed_at)
    select $2, now() - n * interval '1 day', $1, now(), now() from generate_series(1, 4) as n`, [month, campaign]);
  await db.raw(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
    select $1, u.id, r.id, 0, $2, 1, r.scheduled_for, r.scheduled_for, r.scheduled_for, r.scheduled_for, r.scheduled_for, 0, 'sent', 'push' from users as u, runs as r`, [month, campaign]);
  await db.raw('vacuum analyze');
  await db.raw('select 1');
  const rows = await db.raw(`select d.id, d.user_id as internal, u.user_id as "userId" from deliveries as d join users as u on u.id = d.user_id where d.run_id = (select max(id) from runs) order by d.id % 7919, d.id`);
  const ids = app.get(MessageIds);
  // The first refresh and the first build of the segment are no part of it.
  await rest(8_000);
  return { campaign, messages: rows.map(({ id, internal, userId }) => ({ userId, messageId: ids.encode({ month, userId: internal, id }) })) };
}

/** Opens of other people, a tenth of a second's worth at a time, as evenly as the timer allows. @returns a second */
async function send(call, messages, told) {
  const began = performance.now();
  const step = RATE / 10;
  for (let tick = 0; tick < SECONDS * 10; tick++) {
    const events = Array.from({ length: step }, (_, i) => messages[(tick * step + i) % messages.length]).map(({ messageId }) => ({ messageId, type: 'opened', occurredAt: new Date().toISOString() }));
    await call('POST', '/v1/messages/events', { events });
    told.sent += events.length;
    const ahead = began + (tick + 1) * 100 - performance.now();
    if (ahead > 0) await rest(ahead);
  }
  return told.sent / ((performance.now() - began) / 1000);
}

async function until(check) {
  const began = performance.now();
  for (;;) {
    if (await check()) return performance.now() - began;
    if (performance.now() - began > GIVE_UP_MS) return GIVE_UP_MS;
    await rest(50);
  }
}

async function watchOpen(call, { userId, messageId }, lags) {
  const before = (await call('GET', `/v1/users/${userId}/scores`)).engagement.push.openRate;
  await call('POST', `/v1/messages/${messageId}/events`, { type: 'opened', occurredAt: new Date().toISOString() });
  await Promise.all([
    until(async () => (await call('GET', `/v1/users/${userId}/scores`)).engagement.push.openRate > before).then((ms) => lags.score.push(ms)),
    until(async () => JSON.stringify(await call('GET', `/v1/users/${userId}/segments`)).includes('"readers"')).then((ms) => lags.segment.push(ms)),
  ]);
}

async function watchOptOut(call, { userId, messageId }, campaign, lags) {
  await call('PUT', `/v1/users/${userId}/subscriptions`, { channel: 'push', state: 'unsubscribed', messageId });
  lags.decision.push(await until(async () => (await call('GET', `/v1/campaigns/${campaign}/explain?userId=${userId}&at=${encodeURIComponent(new Date().toISOString())}`)).reason === 'unsubscribed'));
}

function report(lags, rate) {
  const at = (list, share) => `${(([...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))]) / 1000).toFixed(2)} s`;
  const row = (what, list) => `| ${what} | ${list.length} | ${at(list, 0.5)} | ${at(list, 0.99)} | ${at(list, 1)} |`;
  const text = `
## From feedback to the next decision, ${new Date().toISOString().slice(0, 10)}

\`node bench/latency.bench.mjs --seconds ${SECONDS} --rate ${RATE} --people ${PEOPLE}\` on ${machine()}. Opens of other people came in at
${Math.round(rate)} a second (100 a call); client, server and database on one machine; asked every 50 ms.

| from the answer to the report | probes | median | p99 | longest |
| --- | --- | --- | --- | --- |
${row('an open → the engagement score', lags.score)}
${row('an open → stored membership of a segment of openers', lags.segment)}
${row('an opt-out → the decision (explain)', lags.decision)}
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
