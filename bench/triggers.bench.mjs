// How long an event waits for its decision while bulk campaigns are being decided and sent by the same worker: the contract says 2 s.
//   node bench/triggers.bench.mjs [users] [bulk campaigns] [events a second]
import { setTimeout as rest } from 'node:timers/promises';
import { load, machine, now, onStage, record } from './lib/stage.mjs';

const [USERS, CAMPAIGNS, RATE] = [200_000, 3, 20].map((fallback, i) => Number(process.argv[2 + i] ?? fallback));
const PROMISED_MS = 2_000;

await onStage(async (stage) => {
  await stage.people(1, USERS);
  await stage.call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await stage.call('POST', '/v1/templates', { key: 't', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello', body: 'News' } } });
  const campaign = async (schedule, priority) => {
    const body = { name: 'bench', channel: 'push', topic: 'promo', template: 't', audience: { include: ['everyone'], exclude: [] }, schedule, priority };
    const { id } = await stage.call('POST', '/v1/campaigns', body);
    await stage.call('POST', `/v1/campaigns/${id}/launch`, {});
    return id;
  };
  const welcome = await campaign({ type: 'triggered', event: 'signup', reentry: 'always' }, 90);
  await stage.server('worker');
  const before = load();
  const bulk = [];
  for (let i = 0; i < CAMPAIGNS; i++) bulk.push(await campaign({ type: 'now' }, 10 + i));

  const began = performance.now();
  const undecided = async () => (await stage.rows('select from waves where campaign_id = any ($1) and decided_at is null', [bulk])).length > 0;
  let sent = 0;
  for (; await undecided(); sent++) {
    const user = 1 + ((sent * 7_919) % USERS);
    await stage.call('POST', '/v1/events', { events: [{ eventId: `e-${sent}`, userId: `u-${user}`, name: 'signup', occurredAt: new Date().toISOString() }] });
    await rest(1_000 / RATE);
  }
  const seconds = (performance.now() - began) / 1_000;
  const waiting = async () => (await stage.rows('select from trigger_entries where decided_at is null')).length > 0;
  while (await waiting()) await rest(100);
  const waits = (await stage.rows(
    `select extract(epoch from d.decided_at - e.entered_at)::float8 * 1000 as ms from trigger_entries as e
     join deliveries as d on d.campaign_id = e.campaign_id and d.user_id = e.user_id and d.entry = e.id where e.campaign_id = $1 order by 1`, [welcome])).map(({ ms }) => ms);
  const at = (share) => Math.round(waits[Math.min(waits.length - 1, Math.floor(share * waits.length))]);
  if (waits.length !== sent) console.error(`${sent} events, ${waits.length} decisions`);
  if (at(1) > PROMISED_MS) console.error(`an event waited for ${at(1)} ms, more than ${PROMISED_MS}`);
  record('Triggers beside bulk', 'Milliseconds from an event to its decision while one worker decides and sends bulk campaigns to the same users.',
    ['when', 'machine', 'load', 'command', 'bulk decisions', 'in', 'events', 'median', '99 %', 'longest'],
    [now(), machine, before, `node bench/triggers.bench.mjs ${USERS} ${CAMPAIGNS} ${RATE}`, USERS * CAMPAIGNS, `${seconds.toFixed(1)} s`, waits.length, `${at(0.5)} ms`, `${at(0.99)} ms`, `${at(1)} ms`]);
});
process.exit();
