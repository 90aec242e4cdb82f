/** The stages of the demo, in order; each reads and fills the `run`. */
import { count, seconds } from './bars.mjs';
import { statedRates } from './behaviour.mjs';
import { buy, drawPurchases } from './buyers.mjs';
import { Api, send } from './client.mjs';
import { policyFor } from './content.mjs';
import { readInput } from './input.mjs';
import { eventsOf, loadEvents, loadSettings, loadUsers, makeKeys, untilDone } from './load.mjs';
import { launchAll, untilDecided, untilSent } from './launch.mjs';
import { countByZone, makePeople } from './people.mjs';
import { Readers } from './readers.mjs';
import { judge } from './judge.mjs';
import { rfmLines } from './rfm.mjs';
import { describeLog, makeSegments } from './segments.mjs';
import { chooseQuietHours } from './zones.mjs';

/** While the demo sends: quiet hours must not begin or end for anybody. */
const SENDING_MS = 6 * 60_000;
/** One push in so many is refused once with 503, to see it sent again. */
const REFUSED_EVERY = 250;
const NAMES = { push: 'FCM stand-in', email: 'SMTP stand-in' };

export async function servers(run) {
  run.inbox = [];
  run.receive = (messages) => run.inbox.push(...messages);
  const gateways = await run.servers.startGateways((messages) => run.receive(messages));
  run.line(`  gateways   FCM v1 over HTTP/2 at ${gateways.fcmUrl}, SMTP at ${gateways.smtpUrl}`);
  const server = await run.servers.startRapport({ ...gateways, port: run.options.port });
  Object.assign(run, server, { control: gateways.controlUrl });
  run.line(`  Rapport    ${run.url}, with a fresh embedded Postgres and Redis`);
  const admin = new Api(run.url, run.adminKey);
  const keys = await makeKeys(admin);
  run.api = { admin, ...Object.fromEntries(Object.entries(keys).map(([scope, key]) => [scope, new Api(run.url, key)])) };
}

export async function input(run) {
  run.now = Date.now();
  run.math = await import('../../dist/src/scoring/math/index.js');
  const { customers, currency, lines } = await readInput(run.options, run.now, run.math);
  for (const text of lines) run.line(text);
  run.history = describeLog(customers, run.now);
  Object.assign(run, { customers, currency, ...makePeople(customers, { seed: run.options.seed, now: run.now }, run.math) });
  run.line('  Addresses, devices, time zones and attributes are simulated in either case.');
}

export async function load(run) {
  await loadSettings(run.api, run.currency);
  await step(run, 'users', run.people, (advance) => loadUsers(run.api.ingest, run.people, run.suppressed, advance));
  const events = eventsOf(run.customers);
  await step(run, 'events', events, (advance) => loadEvents(run.api.ingest, events, advance));
}

async function step(run, unit, rows, work) {
  const bar = run.bars.start(unit === 'users' ? 'Users, devices, zones' : 'Events', rows.length, unit);
  const refused = await work((n) => bar.advance(n));
  bar.finish();
  if (refused.duplicates > 0) run.line(`  ${count(refused.duplicates)} events had an id that was there already, and count once`);
  if (refused.count > 0) run.line(`  the server refused ${count(refused.count)} ${unit}, for example ${refused.examples.join('; ')}`);
  run.checks.push({ name: `${unit} loaded`, holds: refused.count === 0 });
}

export async function score(run) {
  const { jobId } = await run.api.marketer.post('/v1/scores/refresh');
  const bar = run.bars.start('Scoring', run.customers.length, 'users');
  await untilDone(run.api.marketer, jobId, { advance: (progress) => bar.to(Math.round(progress * run.customers.length)) });
  bar.to(run.customers.length);
  bar.finish();
  const asOf = (run.options.asOf ?? new Date(run.history.logEnd)).toISOString();
  for (const text of rfmLines(await run.api.analyst.get(`/v1/scores/rfm?asOf=${encodeURIComponent(asOf)}`))) run.line(text);
}

export async function segments(run) {
  const now = new Date();
  const quiet = chooseQuietHours(countByZone(run.people), { from: now, to: new Date(now.getTime() + SENDING_MS) });
  await run.api.admin.put('/v1/fatigue-policy', policyFor(quiet));
  run.line('  at most 1 push in 24 hours, 3 messages in 7 days, an hour between pushes');
  if (!quiet.usual) run.line(`  22:00 to 08:00 would silence ${Math.round(quiet.usualShare * 100)} % of these people at this hour, so the demo's quiet hours are other ones`);
  run.line(`  no push from ${quiet.start} to ${quiet.end} where people live; quiet now: ${quiet.quietZones.join(', ') || 'no zone'} (${Math.round(quiet.quietShare * 100)} % of the people)`);
  if (run.history.old) run.line(`  The log ends on ${new Date(run.history.logEnd).toISOString().slice(0, 10)}: segments use scores, and windows counted back from that day.`);
  for (const text of await makeSegments(run.api.marketer, run.history)) run.line(text);
}

export async function campaigns(run) {
  const { inbox } = run;
  const readers = new Readers({
    api: run.api.app, people: run.people, userTokenSecret: run.userTokenSecret,
    uniform: run.math.seededUniform(run.options.seed ^ 0xfee1), mailCampaign: () => run.launched.at(-1).id,
  });
  Object.assign(run, { readers, receive: (messages) => readers.receive(messages) });
  readers.receive(inbox.splice(0));
  const rule = { channel: 'push', prefix: 'demo-', behaviour: '503', every: REFUSED_EVERY };
  await send('POST', new URL('/behave', run.control), { body: JSON.stringify(rule) });
  run.launched = await launchAll(run.api.marketer, run.line);
  const expected = run.launched.reduce((sum, { predicted }) => sum + predicted.wouldSend, 0);
  const bar = run.bars.start('Deciding and sending', expected, 'messages');
  await untilDecided(run.api.analyst, run.launched);
  await untilSent(run.api.analyst, run.launched, (done) => bar.to(done));
  bar.finish();
  for (const { channel, n, seconds: span } of readers.spans) run.line(`  the ${NAMES[channel]} took ${count(n)} in ${seconds(span)} (${count(n / Math.max(0.001, span))}/s)`);
  run.line(`  one push in ${REFUSED_EVERY} was refused with 503 at first, and sent again`);
}

export async function people(run) {
  const { readers, api } = run;
  for (const text of statedRates()) run.line(`  ${text}`);
  const reacting = run.bars.start('Phones and readers', readers.received, 'messages');
  await readers.react((n) => reacting.advance(n));
  reacting.finish();
  const uniform = run.math.seededUniform(run.options.seed ^ 0xb0b);
  const drawn = drawPurchases(run.customers, readers.buyers, { uniform, currency: run.currency, mean: run.history.mean, now: () => new Date() });
  const buying = run.bars.start('Buying', drawn.events.length, 'purchases');
  const refused = await buy(api.ingest, drawn.events, (n) => buying.advance(n));
  buying.finish(`${count(drawn.anyway)} anyway, ${count(drawn.events.length - drawn.anyway)} because of a message`);
  run.checks.push({ name: 'purchases taken', holds: refused.count === 0 && refused.duplicates === 0 });
  run.buyers = drawn.buyers;
}

export async function results(run) {
  await judge(run);
}
