import { parse } from 'csv-parse/sync';
import { RATES, liftOf } from './behaviour.mjs';
import { armsOf, balance, differences, exportDifferences, liftPutIn, shareOf } from './checks.mjs';
import { poll } from './pool.mjs';
import { explainLines, mark, resultLines } from './print.mjs';

const SETTLED_MS = 20_000;

/** Prints the results and holds them to what the simulation foretold, to the export, and to what the people and providers know. */
export async function judge(run) {
  const { api, launched, line, checks } = run;
  for (const campaign of launched) {
    const facts = run.readers.facts.get(campaign.id) ?? {};
    campaign.results = await poll(() => api.analyst.get(`/v1/campaigns/${campaign.id}/results`), (now) => agrees(now, facts), { forMs: SETTLED_MS });
    campaign.rows = parse(await api.analyst.text(`/v1/campaigns/${campaign.id}/export?level=message&format=csv`), { columns: true });
  }
  const lifts = liftsOf(run.readers.contacts);
  for (const campaign of launched) {
    const arms = armsOf(campaign.rows);
    const putIn = liftPutIn(arms, lifts, RATES.boughtAnyway);
    for (const text of resultLines({ ...campaign, currency: run.currency, putIn })) line(text);
    checks.push(...checksOf(campaign, arms, run));
  }
  await explainOne(run);
  checks.push(...promisesOf(run));
  line('\n  Checks');
  for (const { name, holds, detail } of checks) line(`  ${mark(holds)} ${name}${holds || !detail ? '' : `: ${detail}`}`);
}

function agrees({ opened, unsubscribed }, facts) {
  return opened === (facts.opened?.size ?? 0) && unsubscribed === (facts.optedOut?.size ?? 0);
}

/** User → how much likelier a purchase became by everything that reached them. */
function liftsOf(contacts) {
  const lifts = new Map();
  for (const { userId, channel } of contacts) lifts.set(userId, 1 - (1 - (lifts.get(userId) ?? 0)) * (1 - liftOf(channel)));
  return lifts;
}

function checksOf({ id, definition, predicted, results, rows }, arms, { readers, buyers }) {
  const facts = readers.facts.get(id) ?? {};
  const check = (what, problems) => ({ name: `“${definition.name}”: ${what}`, holds: problems.length === 0, detail: problems.join('; ') });
  const sum = balance(results);
  const rate = results.lift?.conversionRate;
  const arrived = readers.contacts.filter(({ campaignId }) => campaignId === id).length;
  return [
    check('the sum balances', sum.holds ? [] : [sum.text]),
    check('it is completed, unless somebody is deferred', [
      ...differ('queued and sending', results.queued + results.sending, 0),
      ...(results.deferred > 0 || results.status === 'completed' ? [] : [`it is ${results.status}`]),
    ]),
    check('what was simulated is what was decided', differences(predicted, results)),
    check('the export has the same rows', exportDifferences(rows, results)),
    check('the provider took as many messages as are sent or in doubt', differ('taken', arrived, results.sent + results.unknown)),
    check('opens and opt-outs are those of the people', [
      ...differ('opened', results.opened, facts.opened?.size ?? 0),
      ...differ('opted out', results.unsubscribed, facts.optedOut?.size ?? 0),
    ]),
    check('the lift counts who really bought, in both arms', [
      ...differ('treated', rate?.treated ?? 0, shareOf(arms.treated, (user) => buyers.has(user)), 1e-6),
      ...differ('control', rate?.control ?? 0, shareOf(arms.control, (user) => buyers.has(user)), 1e-6),
    ]),
  ];
}

function differ(name, reported, expected, tolerance = 0) {
  return Math.abs(reported - expected) <= tolerance ? [] : [`${name}: ${reported}, expected ${expected}`];
}

/** What must hold over all campaigns, by the providers' own log. */
function promisesOf({ readers, launched, people }) {
  const pushes = new Map();
  for (const { userId, channel } of readers.contacts) if (channel === 'push') pushes.set(userId, (pushes.get(userId) ?? 0) + 1);
  const over = [...pushes.values()].filter((n) => n > 1).length;
  const staff = new Set(people.filter(({ attributes }) => attributes.staff).map(({ userId }) => userId));
  const got = new Set(readers.contacts.map(({ campaignId, userId }) => `${campaignId} ${userId}`));
  const heldOut = launched.flatMap(({ id, rows }) => rows.filter(({ outcome, userId }) => outcome === 'held_out' && got.has(`${id} ${userId}`)));
  return [
    { name: 'nobody got more than one push, by the provider’s own log', holds: over === 0, detail: `${over} did` },
    { name: 'nobody of the staff and nobody held out got anything', holds: heldOut.length === 0 && !readers.contacts.some(({ userId }) => staff.has(userId)) },
  ];
}

async function explainOne({ api, launched, line }) {
  const wanted = ['outranked', 'frequency_cap', 'minimum_gap', 'quiet_hours', 'stale_device', 'no_device'];
  const found = wanted.flatMap((reason) => launched.flatMap((campaign) => campaign.rows.filter((row) => row.reason === reason).slice(0, 1).map((row) => ({ campaign, row }))))[0];
  if (!found) return;
  const { campaign, row } = found;
  const explanation = await api.analyst.get(`/v1/campaigns/${campaign.id}/explain?userId=${encodeURIComponent(row.userId)}`);
  line('\n  Why one person was not contacted');
  for (const text of explainLines(campaign.definition.name, row.userId, explanation)) line(text);
}
