import { balance, sumOf } from './checks.mjs';
import { count } from './bars.mjs';
import { wrapped } from './rfm.mjs';

export const mark = (holds) => (holds ? '✓' : '✗');
const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)} %`;
const points = (share) => `${share >= 0 ? '+' : '−'}${Math.abs(share * 100).toFixed(2)}`;

/** Lines on one campaign's results. @param {{definition: object, results: object, currency: string, putIn: number}} campaign */
export function resultLines({ definition, results, currency, putIn }) {
  const { audience, sent, opened, clicked, unsubscribed, converted } = results;
  const of = (n) => `${count(n)} (${percent(sent > 0 ? n / sent : 0)})`;
  const sum = balance(results);
  const rule = definition.onFatigue === 'defer' ? 'defers' : 'drops';
  return [
    '',
    `  “${definition.name}”  ${definition.channel}, priority ${definition.priority}, ${rule} what fatigue holds back; ${results.status}`,
    `    audience ${count(audience)} · sent ${count(sent)} · failed ${count(results.failed)} · unknown ${count(results.unknown)} · held out ${count(results.holdout)} · deferred ${count(results.deferred)} · not sent ${count(sumOf(results.suppressed))}`,
    ...wrapped('    not sent: ', reasons(results.suppressed)),
    `    ${mark(sum.holds)} ${sum.text}`,
    `    opened ${of(opened)} · clicked ${of(clicked)} · opted out ${of(unsubscribed)} · converted ${of(converted)} · revenue ${money(results.revenue, currency)}`,
    ...variantLines(results, sent),
    liftLine(results.lift, putIn),
  ];
}

function reasons(suppressed) {
  const sorted = [...suppressed].sort((a, b) => b.count - a.count);
  return sorted.length > 0 ? sorted.map(({ reason, count: n }) => `${reason} ${count(n)}`) : ['nobody'];
}

function money(amount, currency) {
  return `${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
}

function variantLines({ variants }) {
  if (variants.length < 2) return [];
  const one = ({ key, sent, opened, converted, winProbability }) =>
    `${key}: sent ${count(sent)}, opened ${count(opened)}, converted ${count(converted)}, best with ${percent(winProbability ?? 0, 0)}`;
  return [`    variants  ${variants.map(one).join(' · ')}`];
}

function liftLine(lift, putIn) {
  const rate = lift?.conversionRate;
  if (!rate || rate.ci95 === null || rate.absolute === null) return '    lift: not measurable (an arm is empty)';
  const [low, high] = rate.ci95;
  return `    lift ${points(rate.absolute)} points (95 %: ${points(low)} to ${points(high)}): ${percent(rate.treated, 2)} of the treated bought, `
    + `${percent(rate.control, 2)} of the held-out; the rates put in make ${points(putIn)}`;
}

/** Lines on why one person did not get a campaign. */
export function explainLines(name, userId, explanation) {
  const { outcome, reason, gates, outrankedBy, nextEligibleAt } = explanation;
  const passed = gates.filter((gate) => gate.passed).map(({ gate }) => gate);
  const failed = gates.filter((gate) => !gate.passed);
  const head = `  ${userId} and “${name}”: ${outcome}${reason ? ` (${reason})` : ''}`
    + `${outrankedBy ? `, outranked by campaign ${outrankedBy.campaignId}` : ''}${nextEligibleAt ? `, free at ${nextEligibleAt}` : ''}`;
  return [
    head,
    ...wrapped('    passed: ', passed, ', '),
    ...failed.map(({ gate, detail }) => `    ✗ ${gate}: ${detail}`),
  ];
}
