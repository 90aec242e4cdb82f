// node bench/mail.bench.mjs [mails]: one worker process sends mails to a local SMTP sink, and in the same run a bare nodemailer pool
// sends as many of the same size over as many connections. Appends to bench/RESULTS.md.
import { setTimeout as rest } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { cpuMs, load, machine, now, onStage, record, rssMb } from './lib/stage.mjs';

const MAILS = Number(process.argv[2] ?? 10_000);
/** The worker's own number. */
const CONNECTIONS = 20;
const HTML = `<!doctype html><html><body><h1>Hello {{user.userId}}</h1>${'<p>There is something new in the shop, and it is made for you.</p>'.repeat(10)}<p><a href="https://shop.test/offers">Offers</a></p><p><a href="{{links.unsubscribe}}">Unsubscribe</a></p></body></html>`;

async function bareLoop(url, n) {
  const { hostname, port } = new URL(url);
  const transport = createTransport({ host: hostname, port: Number(port), pool: true, maxConnections: CONNECTIONS, maxMessages: Infinity });
  const html = HTML.replace('{{links.unsubscribe}}', `https://shop.test/u/${'t'.repeat(80)}`);
  const text = html.replace(/<[^>]*>/g, ' ');
  let left = n;
  const lane = async () => {
    while (left-- > 0) {
      await transport.sendMail({
        from: 'news@bench.test', to: `u-${left}@bench.test`, subject: 'News', html, text,
        headers: { 'List-Unsubscribe': `<https://shop.test/u/${'t'.repeat(80)}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
      });
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  const perSecond = n / ((performance.now() - began) / 1000);
  transport.close();
  return perSecond;
}

await onStage(async (stage) => {
  await stage.people(1, MAILS);
  await stage.call('PUT', '/v1/topics/promo', { name: { en: 'Offers' } });
  await stage.call('POST', '/v1/templates', { key: 'mail', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'News', html: HTML } } });
  const { id } = await stage.call('POST', '/v1/campaigns', { name: 'Bench', channel: 'email', topic: 'promo', template: 'mail', audience: { include: ['everyone'] }, schedule: { type: 'now' } });
  await stage.call('POST', `/v1/campaigns/${id}/launch`, {});
  await stage.decideBeforehand();
  const bare = await bareLoop(stage.smtpUrl, Math.min(MAILS, 5_000));
  await stage.control('POST', '/reset', {});
  const worker = await stage.server('worker');
  await rest(2_000);
  const [loadBefore, cpu0] = [load(), cpuMs(worker.pid)];
  await stage.release();
  const began = performance.now();
  let peak = 0;
  for (;;) {
    peak = Math.max(peak, rssMb(worker.pid));
    const [{ n }] = await stage.rows(`select count(*)::integer as n from deliveries where campaign_id = $1 and state = 'queued'`, [id]);
    if (n === 0) break;
    await rest(250);
  }
  const perSecond = MAILS / ((performance.now() - began) / 1000);
  const states = await stage.rows('select state::text, count(*)::integer as n from deliveries group by 1');
  record('Mail', 'One worker process sends mails decided beforehand (HTML, text, a tracked link, List-Unsubscribe) to an SMTP sink on the loopback; in the same run a bare nodemailer pool of as many connections sends mails of the same size.',
    ['when', 'machine, load before', 'command', 'mails/s', 'bare nodemailer/s', 'share', 'CPU ms/mail', 'peak RSS MB', 'states'],
    [now(), `${machine}; ${loadBefore}`, `node bench/mail.bench.mjs ${MAILS}`, perSecond.toFixed(0), bare.toFixed(0), (perSecond / bare).toFixed(2),
      ((cpuMs(worker.pid) - cpu0) / MAILS).toFixed(3), peak.toFixed(0), states.map(({ state, n }) => `${n} ${state}`).join(', ')]);
});
