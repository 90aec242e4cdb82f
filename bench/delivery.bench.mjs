// node bench/delivery.bench.mjs [messages]: one worker process (the built program) sends to a loopback gateway what was decided
// beforehand; before it, in the same run, a bare HTTP/2 loop sends bodies of the same size. Appends to bench/RESULTS.md.
import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout as rest } from 'node:timers/promises';
import { cpuMs, load, machine, now, onStage, record, rssMb } from './lib/stage.mjs';

const MESSAGES = Number(process.argv[2] ?? 50_000);
const SAMPLE_MS = 250;

/** As many requests, 400 at a time over four sessions, and nothing else. @returns a second */
async function bareLoop(url, n) {
  const sessions = Array.from({ length: 4 }, () => connect(url));
  await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
  const id = 'm'.repeat(22);
  const body = JSON.stringify({ message: {
    token: 'bare', data: { messageId: id, campaignId: '1' }, notification: { title: 'Hello', body: 'There is something new.' },
    android: { ttl: '86400s', collapse_key: id, notification: { tag: id } } } });
  let left = n;
  const lane = async (session) => {
    while (left-- > 0) {
      const stream = session.request({ ':method': 'POST', ':path': '/v1/projects/rapport-local/messages:send', authorization: 'Bearer owner', 'content-type': 'application/json' });
      stream.end(body);
      stream.resume();
      await once(stream, 'close');
    }
  };
  const began = performance.now();
  await Promise.all(sessions.flatMap((session) => Array.from({ length: 100 }, () => lane(session))));
  const perSecond = n / ((performance.now() - began) / 1000);
  for (const session of sessions) session.close();
  return perSecond;
}

const TABLES = `select coalesce(p.relname, c.relname) as name, sum(pg_total_relation_size(c.oid))::bigint as bytes
  from pg_class as c left join pg_inherits as i on i.inhrelid = c.oid left join pg_class as p on p.oid = i.inhparent
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by 1`;
const sizes = async (stage) => new Map((await stage.rows(TABLES)).map(({ name, bytes }) => [name, Number(bytes)]));

await onStage(async (stage) => {
  await stage.people(1, MESSAGES);
  await stage.call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await stage.call('POST', '/v1/templates', { key: 'hello', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello {{user.userId}}', body: 'There is something new.' } } });
  const { id } = await stage.call('POST', '/v1/campaigns', { name: 'Bench', channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'] }, schedule: { type: 'now' } });
  const empty = await sizes(stage);
  await stage.call('POST', `/v1/campaigns/${id}/launch`, {});
  await stage.decideBeforehand();
  const bare = await bareLoop(stage.fcmUrl, Math.min(MESSAGES, 20_000));
  await stage.control('POST', '/reset', {});

  const worker = await stage.server('worker', {}, process.env.BENCH_NODE_FLAGS?.split(' ') ?? []);
  // Not the start of the process: its loops have come round once and its connections stand.
  await rest(2_000);
  const decided = await sizes(stage);
  const [loadBefore, s0, cpu0, pg0, gw0] = [load(), await stage.statements(worker.url), cpuMs(worker.pid), stage.postgresCpu(), cpuMs(stage.gatewayPid)];
  await stage.release();
  const began = performance.now();
  const rss = [];
  for (;;) {
    rss.push(rssMb(worker.pid));
    if ((await stage.control('GET', '/totals')).totals.push.accepts >= MESSAGES) {
      const [{ n }] = await stage.rows(`select count(*)::integer as n from deliveries where campaign_id = $1 and state = 'queued'`, [id]);
      if (n === 0) break;
    }
    await rest(SAMPLE_MS);
  }
  const perSecond = MESSAGES / ((performance.now() - began) / 1000);
  const each = (n) => (n / MESSAGES).toFixed(3);
  const cpu = [cpuMs(worker.pid) - cpu0, stage.postgresCpu() - pg0, cpuMs(stage.gatewayPid) - gw0].map(each);
  const statements = (await stage.statements(worker.url)) - s0;
  const after = await sizes(stage);
  const grown = [...after].map(([name, bytes]) => [name, (bytes - (empty.get(name) ?? 0)) / MESSAGES, (bytes - (decided.get(name) ?? 0)) / MESSAGES]).filter(([, b]) => b >= 0.5).sort((a, b) => b[1] - a[1]);
  const states = await stage.rows('select state::text, count(*)::integer as n from deliveries group by 1');
  const series = Array.from({ length: 10 }, (_, i) => Math.max(...rss.slice(Math.floor(i * rss.length / 10), Math.max(Math.floor((i + 1) * rss.length / 10), Math.floor(i * rss.length / 10) + 1))).toFixed(0));
  record('Sending', 'One worker process sends what was decided beforehand to a gateway on the loopback; database, gateway and worker share the machine. RSS: the highest of each tenth of the run. Bytes: of all tables and their indexes, from the launch on; in parentheses what sending added to what deciding had written.',
    ['when', 'machine, load before', 'command', 'pushes/s', 'bare HTTP/2/s', 'share', 'CPU ms/message: worker, Postgres, gateway', 'statements/message', 'bytes/message', 'RSS MB', 'states'],
    [now(), `${machine}; ${loadBefore}`, `node bench/delivery.bench.mjs ${MESSAGES}`, perSecond.toFixed(0), bare.toFixed(0), (perSecond / bare).toFixed(2), cpu.join(', '), each(statements),
      `${grown.reduce((sum, [, b]) => sum + b, 0).toFixed(0)}: ${grown.map(([name, b, s]) => `${name} ${b.toFixed(1)} (${s.toFixed(1)})`).join(', ')}`, series.join(' '), states.map(({ state, n }) => `${n} ${state}`).join(', ')]);
});
