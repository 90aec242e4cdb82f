/** The sums and comparisons of the demo; pure. */

/** Reasons that a message may meet after it was decided to be sent. */
const LATE_REASONS = new Set(['render_error', 'provider_unavailable']);

export function sumOf(reasons) {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}

/** Sum of the parts that API.md says make up `audience`. */
export function decidedRows({ holdout, queued, sending, sent, failed, unknown, deferred, suppressed }) {
  return holdout + queued + sending + sent + failed + unknown + deferred + sumOf(suppressed);
}

/**
 * Whether `audience = holdout + queued + sending + sent + failed + unknown + deferred + Σ suppressed`, with the sum in figures.
 * @returns {{holds: boolean, text: string}}
 */
export function balance(results) {
  const { audience, holdout, queued, sending, sent, failed, unknown, deferred, suppressed } = results;
  const parts = { 'held out': holdout, queued, sending, sent, failed, unknown, deferred, 'not sent': sumOf(suppressed) };
  const text = Object.entries(parts).map(([name, n]) => `${n} ${name}`).join(' + ');
  return { holds: decidedRows(results) === audience, text: `${audience} = ${text}` };
}

/** What was decided first, seen from the end: what only rendering or the provider held back was decided to be sent. */
function firstDecided({ audience, holdout, queued, sending, sent, failed, unknown, deferred, suppressed }, predicted) {
  const foretold = new Map(predicted.suppressed.map(({ reason, count }) => [reason, count]));
  const late = suppressed.map(({ reason, count }) => (LATE_REASONS.has(reason) ? count - (foretold.get(reason) ?? 0) : 0));
  const early = suppressed.map(({ reason, count }, i) => ({ reason, count: count - late[i] }));
  const wouldSend = queued + sending + sent + failed + unknown + late.reduce((sum, n) => sum + n, 0);
  return { audience, holdout, wouldSend, deferred, suppressed: early.filter(({ count }) => count > 0) };
}

/**
 * Where the simulation and what came of the launch differ.
 * @returns {string[]} one text for each number that differs; empty when all are the same
 */
export function differences(predicted, results) {
  const actual = firstDecided(results, predicted);
  const foretold = { ...predicted, deferred: sumOf(predicted.deferred) };
  const numbers = ['audience', 'holdout', 'wouldSend', 'deferred'].map((name) => [name, foretold[name], actual[name]]);
  const reasons = new Set([...predicted.suppressed, ...actual.suppressed].map(({ reason }) => reason));
  const countOf = (list, reason) => list.find((one) => one.reason === reason)?.count ?? 0;
  for (const reason of reasons) numbers.push([reason, countOf(predicted.suppressed, reason), countOf(actual.suppressed, reason)]);
  return numbers.filter(([, before, after]) => before !== after).map(([name, before, after]) => `${name}: simulated ${before}, came ${after}`);
}

/**
 * The arms of a campaign, from its exported rows: who passed every gate, held out or not.
 * @param {Array<{userId: string, outcome: string, reason: string}>} rows
 */
export function armsOf(rows) {
  const treated = rows.filter(({ outcome, reason }) => ['queued', 'sending', 'sent', 'failed', 'unknown'].includes(outcome)
    || (outcome === 'suppressed' && LATE_REASONS.has(reason)));
  return { treated: treated.map(({ userId }) => userId), control: rows.filter(({ outcome }) => outcome === 'held_out').map(({ userId }) => userId) };
}

/**
 * Where an export and the results of its campaign differ.
 * @returns {string[]}
 */
export function exportDifferences(rows, results) {
  const count = (outcome) => rows.filter((row) => row.outcome === outcome).length;
  const numbers = [
    ['rows', rows.length, results.audience], ['sent', count('sent'), results.sent], ['failed', count('failed'), results.failed],
    ['unknown', count('unknown'), results.unknown], ['deferred', count('deferred'), results.deferred],
    ['held_out', count('held_out'), results.holdout], ['suppressed', count('suppressed'), sumOf(results.suppressed)],
  ];
  return numbers.filter(([, exported, reported]) => exported !== reported).map(([name, exported, reported]) => `${name}: exported ${exported}, reported ${reported}`);
}

/** Share of the users for whom it holds. */
export function shareOf(users, holds) {
  return users.length === 0 ? 0 : users.filter(holds).length / users.length;
}

/**
 * The lift that the stated rates make, over the people who really fell into the two arms: somebody held out here may have got
 * another campaign, and that counts in the control.
 * @param {{treated: string[], control: string[]}} arms
 * @param {Map<string, number>} lifts user → how much likelier a purchase became by all that they got
 */
export function liftPutIn({ treated, control }, lifts, base) {
  const mean = (users) => users.reduce((sum, user) => sum + 1 - (1 - base) * (1 - (lifts.get(user) ?? 0)), 0) / Math.max(1, users.length);
  return mean(treated) - mean(control);
}
