/**
 * BG/BB: does this person still listen on this channel? A message is an opportunity, an open its transaction.
 * Source of every formula here: Fader, Hardie & Shang 2010, Customer-Base Analysis in a Discrete-Time Noncontractual
 * Setting, Marketing Science 29(6), doi 10.1287/mksc.1100.0580. Time is counted in messages.
 * Unlike a shop's season, the opportunities are chosen by us: fit per segment, best on randomised sends.
 */
import { addUp, fitFromMaximum, MINIMUM_OBSERVATIONS, refuseFit, totalWeight, type FitResult } from './fit.js';
import { logAddExp, logBeta, maximiseOverPositive } from './math/index.js';

/** P(open | listening) ~ Beta(alpha, beta), P(stops listening after a message) ~ Beta(gamma, delta); all positive. */
export interface BgBbParams {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly delta: number;
}

/** What the model has to know of one person on one channel. */
export interface AttentionHistory {
  /** Messages n, whole number ≥ 0. */
  readonly messages: number;
  /** Opens x, 0 ≤ x ≤ t_x. */
  readonly opens: number;
  /** t_x, ordinal (from 1) of the last opened message; 0 without an open. */
  readonly lastOpened: number;
}

export interface WeightedAttention extends AttentionHistory {
  readonly weight: number;
}

function requireHistory({ messages, opens, lastOpened }: AttentionHistory): void {
  const whole = Number.isInteger(messages) && Number.isInteger(opens) && Number.isInteger(lastOpened);
  if (!whole || opens < 0 || opens > lastOpened || lastOpened > messages || (opens === 0) !== (lastOpened === 0)) {
    throw new RangeError(`not an attention history: messages ${messages}, opens ${opens}, lastOpened ${lastOpened}`);
  }
}

/**
 * ln L(x, t_x, n): still listening after all n, or stopped after t_x, t_x+1, … n−1.
 * The terms of the sum follow from one another by a ratio, so a row costs four beta functions, not n.
 */
function logLikelihoodOf({ alpha, beta, gamma, delta }: BgBbParams, { messages, opens, lastOpened }: AttentionHistory): number {
  const listening = logBeta(alpha + opens, beta + messages - opens) + logBeta(gamma, delta + messages);
  let term = 1;
  let sum = 0;
  for (let t = lastOpened; t < messages; t += 1) {
    sum += term;
    term *= ((beta + t - opens) / (alpha + beta + t)) * ((delta + t) / (gamma + delta + 1 + t));
  }
  const stopped = sum === 0
    ? -Infinity
    : logBeta(alpha + opens, beta + lastOpened - opens) + logBeta(gamma + 1, delta + lastOpened) + Math.log(sum);
  return logAddExp(listening, stopped) - logBeta(alpha, beta) - logBeta(gamma, delta);
}

/** ln L of the rows, Σ weight · ln L(x, t_x, n). @throws RangeError on a row that is no history */
export function attentionLogLikelihood(params: BgBbParams, rows: readonly WeightedAttention[]): number {
  let sum = 0;
  for (const row of rows) {
    requireHistory(row);
    sum += row.weight * logLikelihoodOf(params, row);
  }
  return sum;
}

/**
 * Maximum likelihood from (1, 1, 1, 1) on log-parameters.
 * @param minimumObservations fewer people than this are refused
 */
export function fitAttention(
  rows: readonly WeightedAttention[],
  minimumObservations: number = MINIMUM_OBSERVATIONS,
): FitResult<BgBbParams> {
  const told = rows.filter((row) => row.weight > 0 && row.messages > 0);
  const people = totalWeight(told);
  if (people < minimumObservations) return refuseFit('too_few_observations', people, `${people} people, ${minimumObservations} needed`);
  const alike = told.every((row) => row.opens === 0) || told.every((row) => row.opens === row.messages);
  if (alike) return refuseFit('no_variation', people, 'nobody opened, or everybody opened everything');
  const toParams = ([alpha = 1, beta = 1, gamma = 1, delta = 1]: readonly number[]): BgBbParams => ({ alpha, beta, gamma, delta });
  const distinct = addUp(told, (row) => `${row.messages}|${row.opens}|${row.lastOpened}`);
  const maximum = maximiseOverPositive((parameters) => attentionLogLikelihood(toParams(parameters), distinct), [1, 1, 1, 1]);
  return fitFromMaximum(maximum, people, toParams);
}

/** P(listening when message n+1 arrives | x, t_x, n), between 0 and 1. */
export function probabilityListening(params: BgBbParams, history: AttentionHistory): number {
  requireHistory(history);
  const { alpha, beta, gamma, delta } = params;
  const { messages, opens } = history;
  const reached = logBeta(alpha + opens, beta + messages - opens) - logBeta(alpha, beta)
    + logBeta(gamma, delta + messages + 1) - logBeta(gamma, delta);
  return Math.exp(reached - logLikelihoodOf(params, history));
}

/** ln of Γ(γ+δ)/Γ(1+δ) · Γ(1+δ+n)/Γ(γ+δ+n), as a product over whole n. */
function logSurvivalRatio(gamma: number, delta: number, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum -= Math.log1p((gamma - 1) / (1 + delta + i));
  return sum;
}

/**
 * [1 − Γ(γ+δ+n)…/…] / (γ − 1) over messages `from` … `to`: expected messages still heard, up to δ.
 * Divided here and not afterwards, because the printed formula is 0/0 at γ = 1.
 */
function heard(gamma: number, delta: number, from: number, to: number): number {
  if (gamma !== 1) return -Math.expm1(logSurvivalRatio(gamma, delta, from, to)) / (gamma - 1);
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += 1 / (1 + delta + i);
  return sum;
}

/** E[X(n)]: opens among the first `messages` (whole number ≥ 0) to a new person. */
export function expectedOpens({ alpha, beta, gamma, delta }: BgBbParams, messages: number): number {
  return (alpha / (alpha + beta)) * delta * heard(gamma, delta, 0, messages);
}

/**
 * E[X(n, n+m) | x, t_x, n]: opens among the next `ahead` messages (whole number ≥ 0).
 * @throws RangeError on a history that is none
 */
export function conditionalExpectedOpens(params: BgBbParams, history: AttentionHistory, ahead: number): number {
  requireHistory(history);
  const { alpha, beta, gamma, delta } = params;
  const { messages: n, opens } = history;
  const opensNext = logBeta(alpha + opens + 1, beta + n - opens) - logBeta(alpha, beta);
  const survived = logSurvivalRatio(gamma, delta, 0, n);
  return Math.exp(opensNext + survived - logLikelihoodOf(params, history)) * delta * heard(gamma, delta, n, n + ahead);
}
