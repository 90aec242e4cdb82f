/**
 * Shifted beta-geometric: the risk that the next message makes somebody opt out, by message ordinal.
 * Source of every formula here: Fader & Hardie 2007, How to Project Customer Retention, Journal of Interactive
 * Marketing 21(1); residual lifetime: Fader & Hardie 2010, Customer-Base Valuation in a Contractual Setting,
 * Marketing Science 29(1). Time is counted in messages. The curve falls because the impatient leave first;
 * one person's own risk does not fall, so it must not be read as getting used to messages.
 */
import { addUp, fitFromMaximum, MINIMUM_OBSERVATIONS, refuseFit, totalWeight, type FitResult } from './fit.js';
import { hypergeometric2F1, logRisingFactorial, maximiseOverPositive } from './math/index.js';

/** A person's opt-out probability per message ~ Beta(alpha, beta); both positive. */
export interface OptOutParams {
  readonly alpha: number;
  readonly beta: number;
}

/** People with the same history on a channel. */
export interface OptOutRow {
  /** Messages received, whole number ≥ 0; for those who left, the ordinal of the message they left at (≥ 1). */
  readonly messages: number;
  /** False: still reachable after `messages` (censored). */
  readonly optedOut: boolean;
  readonly weight: number;
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number >= ${least}, got ${value}`);
}

/** S(t) = B(alpha, beta+t) / B(alpha, beta): P(still reachable after `messages` ≥ 0 messages). */
export function survival(params: OptOutParams, messages: number): number {
  requireCount('messages', messages, 0);
  return Math.exp(logSurvival(params, messages));
}

function logSurvival({ alpha, beta }: OptOutParams, messages: number): number {
  return logRisingFactorial(beta, messages) - logRisingFactorial(alpha + beta, messages);
}

/**
 * h = alpha / (alpha + beta + n): P(opt-out at the next message | `survived` = n messages without one).
 * At n = 0 it is the opt-out rate of the first message.
 */
export function optOutHazard({ alpha, beta }: OptOutParams, survived: number): number {
  requireCount('survived', survived, 0);
  return alpha / (alpha + beta + survived);
}

/** P(T = t): opt-out exactly at message `ordinal` ≥ 1. */
export function optOutProbability(params: OptOutParams, ordinal: number): number {
  requireCount('ordinal', ordinal, 1);
  return optOutHazard(params, ordinal - 1) * survival(params, ordinal - 1);
}

/**
 * Discounted expected residual lifetime: how many further messages the person will still be reachable after,
 * Σ_{k≥0} S(n+1+k) / S(n) · (1+d)^−k with n = `survived`, the first of them undiscounted.
 * = (β+n)/(α+β+n) · ₂F₁(1, β+n+1; α+β+n+1; 1/(1+d)).
 * Convention: the paper's table counts from zero, its "t = 7" (7.530 for High End at 10 %) is survived = 7;
 * counted by the ordinal of the next message the same number is n = 8.
 * @param survived messages received and not left at, whole number ≥ 0
 * @param discount d > 0, per message
 */
export function discountedResidualMessages({ alpha, beta }: OptOutParams, survived: number, discount: number): number {
  requireCount('survived', survived, 0);
  if (!(discount > 0)) throw new RangeError(`discount must be positive, got ${discount}`);
  const next = (beta + survived) / (alpha + beta + survived);
  return next * hypergeometric2F1(1, beta + survived + 1, alpha + beta + survived + 1, 1 / (1 + discount));
}

/** ln L = Σ weight · ln P(T = t) over those who left + Σ weight · ln S(n) over those still reachable. */
export function optOutLogLikelihood(params: OptOutParams, rows: readonly OptOutRow[]): number {
  let sum = 0;
  for (const { messages, optedOut, weight } of rows) {
    requireCount('messages', messages, optedOut ? 1 : 0);
    const before = optedOut ? messages - 1 : messages;
    const left = optedOut ? Math.log(optOutHazard(params, before)) : 0;
    sum += weight * (logSurvival(params, before) + left);
  }
  return sum;
}

/**
 * Maximum likelihood from (1, 1) on log-parameters.
 * @param minimumObservations fewer people with a message than this are refused
 */
export function fitOptOutHazard(
  rows: readonly OptOutRow[],
  minimumObservations: number = MINIMUM_OBSERVATIONS,
): FitResult<OptOutParams> {
  const told = rows.filter((row) => row.weight > 0 && row.messages > 0);
  const people = totalWeight(told);
  if (people < minimumObservations) return refuseFit('too_few_observations', people, `${people} people, ${minimumObservations} needed`);
  if (told.every((row) => row.optedOut === told[0]?.optedOut)) return refuseFit('no_variation', people, 'nobody left, or everybody did');
  const toParams = ([alpha = 1, beta = 1]: readonly number[]): OptOutParams => ({ alpha, beta });
  const distinct = addUp(told, (row) => `${row.messages}|${row.optedOut}`);
  const maximum = maximiseOverPositive((parameters) => optOutLogLikelihood(toParams(parameters), distinct), [1, 1]);
  return fitFromMaximum(maximum, people, toParams);
}
