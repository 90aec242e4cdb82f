/**
 * `node bench/world.bench.mjs [--people 500] [--days 60] [--seed 2]`: seeded people live through two months of campaigns that the real
 * engine decides and sends: HTTP, planner SQL, sandbox channel, reports, credit and weekly refreshes, on an injected clock. Three
 * regimes, each on a database of its own: everybody gets everything, fixed caps, and the loop (caps, adaptive cut, worth). The world
 * is that of test/simulation, which runs the pure functions; here it is the SQL that is put to the proof.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRoot } from '../scripts/lib/paths.mjs';
import { SeededRandom, SetClock, appOn, built, embedded, machine } from './lib.mjs';

const { values } = parseArgs({ options: { people: { type: 'string', default: '500' }, days: { type: 'string', default: '60' }, seed: { type: 'string', default: '2' } } });
const [PEOPLE, DAYS, SEED] = [Number(values.people), Number(values.days), Number(values.seed)];
const DAY = 86_400_000;
const START = Date.parse('2026-01-05T00:00:00Z');
const MONTHS_BEFORE = 3;
const TRUTH = { optOutBeta: 79, lifts: [[0.3, 0.12], [0.5, 0.02], [0.2, 0]], base: 0.01, value: 40, rest: 1 };
const CAMPAIGNS = [
  { name: 'newsletter', priority: 50, cron: '0 9 * * *', strength: 0.05 }, { name: 'tip', priority: 50, cron: '0 9 * * *', strength: 0.25 },
  { name: 'offer', priority: 60, cron: '0 9 */3 * *', strength: 1 }];
const CAPS = [
  { key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT20H' } },
  { key: 'week', channel: 'push', limit: 4, window: { type: 'rolling', duration: 'P7D' } }];
const REGIMES = [
  { name: 'everybody gets everything', policy: {}, worth: false },
  { name: 'fixed caps', policy: { caps: CAPS }, worth: false },
  { name: '**caps, adaptive cut, worth**', policy: { caps: CAPS, adaptive: { enabled: true, unopenedStreak: 8, factor: 0.5, floor: 1 } }, worth: true }];

const { MessageIds } = await built('planning/index.js');
const { Loops } = await built('platform/loops/index.js');
const { ApiDatabase } = await built('platform/database/index.js');
const { ScoreRefresh } = await built('scoring/index.js');
const servers = await embedded();
const began = performance.now();
const outcomes = [];
try {
  for (const [i, regime] of REGIMES.entries()) {
    outcomes.push(await live(`world${i}`, regime));
    console.log(JSON.stringify(outcomes.at(-1)));
  }
  report();
} finally {
  await servers.stop();
}
process.exit();

async function live(database, regime) {
  const clock = new SetClock();
  clock.at = new Date(START - DAY);
  const { app, call } = await appOn(servers, database, clock, false, new SeededRandom(SEED));
  const world = { clock, call, db: app.get(ApiDatabase), loop: (name) => app.get(Loops).run(name), ids: app.get(MessageIds), people: await populate(call), strengths: new Map() };
  await prepare(world, regime);
  const total = { messages: 0, caused: 0, causedBy: {} };
  for (let day = 0; day < DAYS; day++) {
    // Before the first day too: worth knows the value of a conversion only after a refresh.
    if (day % 7 === 0) await app.get(ScoreRefresh).run();
    await aDay(world, day, total);
  }
  await app.get(ScoreRefresh).run();
  const [{ models }] = await world.db.raw('select models from score_refreshes order by id desc limit 1');
  const [{ over }] = await world.db.raw(`select count(*)::integer as over from (select lead(counted_at, 4) over (partition by user_id order by counted_at) - counted_at as span from deliveries where counted_at is not null) as s where span < interval '7 days'`);
  await app.close();
  const cell = models.worth.cells.find(({ channel, segment }) => channel === 'push' && segment === null);
  return {
    regime: regime.name, messages: total.messages, reachable: world.people.filter(({ left }) => !left).length, incrementalRevenue: total.caused * TRUTH.value,
    survival10: survival(cell.optOut, 10), trueSurvival10: survival({ alpha: 1, beta: TRUTH.optOutBeta }, 10), fiveInAWeek: over,
  };
}

async function populate(call) {
  const people = Array.from({ length: PEOPLE }, (_, i) => born(i));
  for (let from = 0; from < PEOPLE; from += 1_000) {
    await call('POST', '/v1/users/batch', { users: people.slice(from, from + 1_000).map(({ userId }) => ({ userId, timezone: 'UTC', devices: [{ token: `token-${userId}-${'x'.repeat(100)}`, platform: 'android', permission: 'granted' }] })) });
  }
  return people;
}

async function prepare({ call, db, people, strengths }, { policy, worth }) {
  await call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await call('POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'There is something new.' } } });
  await call('PATCH', '/v1/settings', { staleDeviceAfter: 'P400D', optOutTolerance: 1 });
  await call('PUT', '/v1/fatigue-policy', policy);
  // As an installation begins: with its orders of the last months. Worth knows by them what a conversion brings, after a refresh.
  const orders = people.flatMap(({ userId }, i) => ordersBefore(userId, i));
  for (let from = 0; from < orders.length; from += 1_000) await call('POST', '/v1/events', { events: orders.slice(from, from + 1_000) });
  for (const { name, priority, cron, strength } of CAMPAIGNS) {
    const { id } = await call('POST', '/v1/campaigns', {
      name, channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] }, priority, holdout: 0.2, worth,
      schedule: { type: 'recurring', cron, timezone: 'UTC' }, conversion: { event: 'purchase', window: 'P1D' } });
    await call('POST', `/v1/campaigns/${id}/launch`, {});
    strengths.set(id, strength);
  }
  await db.raw('analyze');
}

/** Nine o'clock: what is due is decided and sent. An hour later people have answered. */
async function aDay(world, day, total) {
  const { clock, loop, db, people, ids, strengths } = world;
  clock.at = new Date(START + day * DAY + 9 * 3_600_000);
  await loop('campaign-scheduler');
  await loop('planner');
  for (let round = 0; round < 200; round++) {
    await loop('sender');
    const [{ open }] = await db.raw(`select exists (select from deliveries where state = 'queued') as open`);
    if (!open) break;
    clock.at = new Date(clock.at.getTime() + 1_000);
  }
  await loop('campaign-scheduler');
  const got = await db.raw(`select d.month::text as month, d.user_id as internal, d.id, d.campaign_id::text as campaign, u.user_id as "userId"
    from deliveries as d join users as u on u.id = d.user_id where d.state = 'sent' and d.decided_at >= $1 order by d.id`, [new Date(START + day * DAY)]);
  const byUser = got.reduce((map, row) => map.set(row.userId, [...(map.get(row.userId) ?? []), row]), new Map());
  clock.at = new Date(START + day * DAY + 10 * 3_600_000);
  const told = { opens: [], purchases: [], optOuts: [] };
  for (const person of people) answer(person, byUser.get(person.userId) ?? [], day, { ids, strengths, total, told, at: clock.at.toISOString() });
  await tell(world, told);
}

/** The day of one person: what arrives, what it causes, and whether it drives them away. */
function answer(person, messages, day, { ids, strengths, total, told, at }) {
  for (const [n, { month, internal, id, campaign }] of messages.entries()) {
    const [opened, converted, left] = chances(person, day, campaign);
    total.messages++;
    if (person.left) continue;
    const now = day + n / 24;
    const rested = 1 - Math.exp(-(now - person.lastSent) / TRUTH.rest);
    const hit = converted < person.lift * strengths.get(campaign) * rested;
    person.lastSent = now;
    const messageId = ids.encode({ month, userId: internal, id });
    if (hit || opened < 0.05 + person.lift) told.opens.push({ messageId, type: 'opened', occurredAt: at });
    if (hit) {
      total.caused++;
      told.purchases.push(purchase(person, `${day}-${n}`, at));
    }
    if (left < person.theta) {
      person.left = true;
      told.optOuts.push({ userId: person.userId, messageId });
    }
  }
  if (chances(person, day, 'base')[0] < TRUTH.base) told.purchases.push(purchase(person, `${day}-base`, at));
}

/** What nobody was written to about. Drawn apart, so that the people are those of test/simulation. */
function ordersBefore(userId, i) {
  const draw = generator(SEED * 200_003 + i);
  const days = Array.from({ length: MONTHS_BEFORE * 30 }, (_, n) => n + 1).filter(() => draw() < TRUTH.base);
  return days.map((n) => purchase({ userId }, `before-${n}`, new Date(START - n * DAY - DAY / 2).toISOString()));
}

function purchase({ userId }, eventId, occurredAt) {
  return { eventId, userId, name: 'purchase', occurredAt, value: TRUTH.value, currency: 'EUR' };
}

async function tell({ call, loop, clock }, { opens, purchases, optOuts }) {
  for (let from = 0; from < opens.length; from += 1_000) await call('POST', '/v1/messages/events', { events: opens.slice(from, from + 1_000) });
  for (let from = 0; from < purchases.length; from += 1_000) await call('POST', '/v1/events', { events: purchases.slice(from, from + 1_000) });
  for (const { userId, messageId } of optOuts) await call('PUT', `/v1/users/${userId}/subscriptions`, { channel: 'push', state: 'unsubscribed', messageId, occurredAt: clock.now().toISOString() });
  await loop('opt-outs');
  await loop('late-conversions');
}

function survival({ alpha, beta }, n) {
  return Array.from({ length: n }, (_, i) => (beta + i) / (alpha + beta + i)).reduce((a, b) => a * b, 1);
}

function born(i) {
  const draw = generator(SEED * 100_003 + i);
  const theta = 1 - (1 - draw()) ** (1 / TRUTH.optOutBeta);
  let rank = draw();
  const lift = (TRUTH.lifts.find(([share]) => (rank -= share) < 0) ?? [0, 0])[1];
  return { userId: `u${i}`, theta, lift, lastSent: -30, left: false };
}

/** Three draws of a person's day with a campaign: the same in every regime, so that what differs between them is the regime. */
function chances({ userId }, day, campaign) {
  const bytes = createHash('sha256').update(`${SEED}/${userId}/${day}/${campaign}`).digest();
  return [0, 4, 8].map((at) => bytes.readUInt32LE(at) / 2 ** 32);
}

/** mulberry32, as in test/simulation. */
function generator(seed) {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function report() {
  const text = `
## The world, by the engine itself, ${new Date().toISOString().slice(0, 10)}

\`node bench/world.bench.mjs --people ${PEOPLE} --days ${DAYS} --seed ${SEED}\` on ${machine()}; ${Math.round((performance.now() - began) / 1000)} s.

| regime | messages | still reachable | incremental revenue | fitted survival of 10 messages (true ${outcomes[0].trueSurvival10.toFixed(3)}) | five in a week |
| --- | --- | --- | --- | --- | --- |
${outcomes.map((o) => `| ${o.regime} | ${o.messages.toLocaleString('en-US')} | ${o.reachable.toLocaleString('en-US')} | ${o.incrementalRevenue.toLocaleString('en-US')} | ${o.survival10.toFixed(3)} | ${o.fiveInAWeek} |`).join('\n')}
`;
  appendFileSync(inRoot('bench', 'RESULTS.md'), text);
  console.log(text);
}
