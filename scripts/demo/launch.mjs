import { count } from './bars.mjs';
import { campaignsFor } from './content.mjs';
import { poll } from './pool.mjs';
import { decidedRows, sumOf } from './checks.mjs';

const LEAD_MS = 4_000;
const MARGIN_MS = 1_500;
const DECIDED_MS = 90_000;
const SENT_MS = 120_000;
const MAX_PLANS = 5;

/**
 * Simulates and launches the three campaigns. The pushes are due at one instant, so that they meet in one decision and the
 * second's simulation sees the first waiting; the instant is moved on for as long as simulating takes longer than there is time.
 * @returns {Promise<Array<{id: string, definition: object, predicted: object}>>} the pushes by priority, then the mail
 */
export async function launchAll(marketer, line) {
  const drafts = campaignsFor({ type: 'now' });
  const mail = await launchOne(marketer, await create(marketer, drafts.mail), line);
  // A mail that is refused gives its slot back: the pushes are foretold once the ledger stands still.
  await untilSent(marketer, [mail], () => undefined);
  const strong = await create(marketer, drafts.strong);
  const weak = await create(marketer, drafts.weak);
  const alone = await simulate(marketer, weak);
  const due = await planTogether(marketer, strong, weak, alone.ms);
  line(`  both pushes are due at ${due.toISOString()}`);
  say(line, strong);
  await marketer.post(`/v1/campaigns/${strong.id}/launch`);
  await simulate(marketer, weak);
  if (Date.now() > due.getTime() - 300) await makeLate(marketer, strong, weak, line);
  say(line, weak, `; alone it would send ${count(alone.predicted.wouldSend)}`);
  await marketer.post(`/v1/campaigns/${weak.id}/launch`);
  return [strong, weak, mail];
}

async function create(marketer, definition) {
  const { id } = await marketer.post('/v1/campaigns', definition);
  return { id, definition };
}

async function simulate(marketer, campaign) {
  const began = performance.now();
  campaign.predicted = await marketer.post(`/v1/campaigns/${campaign.id}/simulate`);
  return { predicted: campaign.predicted, ms: performance.now() - began };
}

async function launchOne(marketer, campaign, line) {
  await simulate(marketer, campaign);
  say(line, campaign);
  await marketer.post(`/v1/campaigns/${campaign.id}/launch`);
  return campaign;
}

/** Gives both the same instant, far enough ahead to simulate the second once the first is launched. */
async function planTogether(marketer, strong, weak, firstMs) {
  let ms = firstMs;
  for (let plan = 1; ; plan++) {
    const due = new Date(Date.now() + LEAD_MS + 3 * ms);
    for (const { id } of [strong, weak]) await marketer.patch(`/v1/campaigns/${id}`, { schedule: { type: 'at', at: due.toISOString() } });
    ms = (await simulate(marketer, strong)).ms;
    if (due.getTime() - Date.now() > 1.5 * ms + MARGIN_MS || plan === MAX_PLANS) return due;
  }
}

/** The machine was too slow for the plan: the first is decided on its own, and the second simulated again after it. */
async function makeLate(marketer, strong, weak, line) {
  line('  this machine was too busy to launch the second in time: it goes after the first instead of beside it');
  await untilDecided(marketer, [strong]);
  await marketer.patch(`/v1/campaigns/${weak.id}`, { schedule: { type: 'now' } });
  await simulate(marketer, weak);
}

function say(line, { definition, predicted }, more = '') {
  const { audience, holdout, wouldSend, suppressed, deferred, asOf } = predicted;
  line(`  “${definition.name}” (${definition.channel}, priority ${definition.priority}) simulated as of ${asOf}: audience ${count(audience)}, `
    + `held out ${count(holdout)}, not sent ${count(sumOf(suppressed))}, deferred ${count(sumOf(deferred))}, would send ${count(wouldSend)}${more}`);
  for (const { reason, count: n, until } of deferred) line(`    deferred for ${reason}: ${count(n)}${until ? `, the first until ${until}` : ''}`);
}

const resultsOf = (api, campaigns) => Promise.all(campaigns.map(({ id }) => api.get(`/v1/campaigns/${id}/results`)));

/** Waits until every campaign's whole audience is decided. @returns its results, decided or not */
export function untilDecided(api, campaigns) {
  const decided = (all) => all.every((results, i) => results.audience >= campaigns[i].predicted.audience && decidedRows(results) >= results.audience);
  return poll(() => resultsOf(api, campaigns), decided, { forMs: DECIDED_MS });
}

/**
 * Waits until nothing is queued or sending any more, and every campaign that deferred nobody is completed.
 * @param {(sent: number) => void} progress called with the messages done with
 */
export function untilSent(api, campaigns, progress) {
  const ask = async () => {
    const all = await resultsOf(api, campaigns);
    progress(all.reduce((sum, { sent, failed, unknown }) => sum + sent + failed + unknown, 0));
    return all;
  };
  const over = ({ queued, sending, deferred, status }) => queued + sending === 0 && (deferred > 0 || status === 'completed');
  return poll(ask, (all) => all.every(over), { everyMs: 250, forMs: SENT_MS });
}
