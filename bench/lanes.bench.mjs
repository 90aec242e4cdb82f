// node bench/lanes.bench.mjs [users]: a campaign to so many users is being decided and sent and segments are being built; meanwhile
// transactional campaigns to 300 people each are launched. How long until their first and their last message is accepted?
import { setTimeout as rest } from 'node:timers/promises';
import { load, machine, now, onStage, record } from './lib/stage.mjs';

const USERS = Number(process.argv[2] ?? 200_000);
const FEW = 300;
const ROUNDS = 3;

await onStage(async (stage) => {
  await stage.people(1, USERS);
  await stage.db.query(`insert into user_event_days (user_id, name, currency, day, count, sum, first_at, last_at)
    select id, 'purchase', 'EUR', current_date - (id % 60)::integer, 1, id % 100, now() - (id % 60) * interval '1 day', now() - (id % 60) * interval '1 day' from users`);
  await stage.call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await stage.call('POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello {{user.userId}}', body: 'There is something new.' } } });
  await stage.call('POST', '/v1/segments', { key: 'few', name: 'Few', static: true });
  // From every part of the id range, and so from every bucket.
  const few = Array.from({ length: FEW }, (_, i) => `u-${1 + Math.floor((i * USERS) / FEW)}`);
  await stage.call('POST', '/v1/segments/few/members', { add: few });
  const campaign = async (body) => {
    const { id } = await stage.call('POST', '/v1/campaigns', { channel: 'push', template: 'hello', schedule: { type: 'now' }, ...body });
    await stage.call('POST', `/v1/campaigns/${id}/launch`, {});
    return id;
  };
  await stage.server('worker');
  const loadBefore = load();
  const big = await campaign({ name: 'Big', topic: 'promo', audience: { include: ['everyone'] } });
  const settled = async (id) => (await stage.rows(`select count(*)::integer as n, (extract(epoch from min(d.settled_at) - min(c.launched_at)))::float8 as first, (extract(epoch from max(d.settled_at) - min(c.launched_at)))::float8 as last
    from deliveries as d join campaigns as c on c.id = d.campaign_id where d.campaign_id = $1 and d.state = 'sent'`, [id]))[0];
  while ((await settled(big)).n === 0) await rest(50);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < 2; i++) {
      await stage.call('POST', '/v1/segments', { key: `rebuilt-${round}-${i}`, name: 'Rebuilt', rule: { event: 'purchase', within: `P${20 + 10 * i + round}D` } });
    }
    const id = await campaign({ name: 'Few', class: 'transactional', audience: { include: ['few'] } });
    for (;;) {
      const { n, first, last } = await settled(id);
      if (n === FEW) {
        rounds.push({ first, last, bigSent: (await settled(big)).n });
        break;
      }
      await rest(50);
    }
  }
  record('Lanes', `Launch of a transactional campaign to ${FEW} people spread over all buckets until its first and its last message was accepted, while a campaign to everybody is decided and sent and two segments are built, with one worker process. In parentheses how much of the big campaign was sent by then.`,
    ['when', 'machine, load before', 'command', 'first message after', 'last message after'],
    [now(), `${machine}; ${loadBefore}`, `node bench/lanes.bench.mjs ${USERS}`, rounds.map(({ first }) => `${first.toFixed(1)} s`).join(', '),
      rounds.map(({ last, bigSent }) => `${last.toFixed(1)} s (${bigSent})`).join(', ')]);
});
