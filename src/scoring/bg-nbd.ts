/**
 * BG/NBD: how often a buyer comes back and whether they still do.
 * Source of every formula here: Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way,
 * Marketing Science 24(2), doi 10.1287/mksc.1040.0098. Times are in one unit throughout (weeks in the paper).
 */
import { logBeta, logGamma, logRisingFactorial, hypergeometricSeries, incompleteBeta } from './math/index.js';

/** Purchasing rate ~ Gamma(r, rate alpha), dropout after a purchase ~ Beta(a, b); all positive. alpha is in time units. */
export interface BgNbdParams {
  readonly r: number;
  readonly alpha: number;
  readonly a: number;
  readonly b: number;
}

/** What the model has to know of one buyer. */
export interface PurchaseHistory {
  /** Repeat purchases x: those after the first, whole number ≥ 0. */
  readonly repeats: number;
  /** t_x, from the first purchase to the last; 0 when there is no repeat. */
  readonly lastAt: number;
  /** T, from the first purchase to the end of observation; T ≥ t_x. */
  readonly age: number;
}

/** @throws RangeError when the history is none: repeats not whole, lastAt outside [0, age], or not 0 without a repeat */
export function requireHistory({ repeats, lastAt, age }: PurchaseHistory): void {
  const ordered = lastAt >= 0 && age >= lastAt && Number.isFinite(age);
  if (!Number.isInteger(repeats) || repeats < 0 || !ordered || (repeats === 0 && lastAt !== 0)) {
    throw new RangeError(`not a purchase history: repeats ${repeats}, lastAt ${lastAt}, age ${age}`);
  }
}

/**
 * P(still a customer | x, t_x, T), between 0 and 1.
 * Exactly 1 without a repeat purchase, by construction (dropout happens only after a repeat): gate such buyers on age as well.
 */
export function probabilityAlive(params: BgNbdParams, history: PurchaseHistory): number {
  requireHistory(history);
  const { r, alpha, a, b } = params;
  const { repeats, lastAt, age } = history;
  if (repeats === 0) return 1;
  const logOdds = Math.log(a / (b + repeats - 1)) + (r + repeats) * Math.log((alpha + age) / (alpha + lastAt));
  return 1 / (1 + Math.exp(logOdds));
}

/**
 * (a+b+x−1)/(a−1) · [1 − (1−z)^(r+x) · ₂F₁(r+x, b+x; a+b+x−1; z)], purchases to come of a living customer.
 * Rearranged by Euler's transformation (Abramowitz & Stegun 1964, 15.3.3) and with the factors a−1 and a+b+x−1 divided
 * out term by term. As printed, it is 0/0 at a = 1, has a pole at a+b+x = 1, and overflows for heavy buyers (x > 1,000).
 */
function purchasesWhileAlive({ r, a, b }: BgNbdParams, repeats: number, z: number): number {
  const c = a + b + repeats - 1;
  const excess = a - 1;
  const logLeft = Math.log1p(-z);
  const decay = excess === 0 ? -logLeft : -Math.expm1(excess * logLeft) / excess;
  const tail = hypergeometricSeries([a + b - r, a, 1], [c + 1, 2], z);
  return c * decay - Math.exp(excess * logLeft) * (a + b - 1 - r) * z * tail;
}

/**
 * E[X(t)]: repeat purchases of a randomly chosen new customer within `horizon` of their first purchase.
 * @param horizon ≥ 0, in the model's time unit
 */
export function expectedPurchases(params: BgNbdParams, horizon: number): number {
  return conditionalExpectedPurchases(params, { repeats: 0, lastAt: 0, age: 0 }, horizon);
}

/**
 * E[Y(t) | x, t_x, T]: purchases within `horizon` after the end of observation.
 * @param horizon ≥ 0, in the model's time unit
 * @throws RangeError on a history that is none or a negative horizon
 */
export function conditionalExpectedPurchases(params: BgNbdParams, history: PurchaseHistory, horizon: number): number {
  const alive = probabilityAlive(params, history);
  if (!(horizon >= 0) || horizon === Infinity) throw new RangeError(`a horizon must be finite and not negative, got ${horizon}`);
  if (horizon === 0 || alive === 0) return 0;
  const z = horizon / (params.alpha + history.age + horizon);
  return purchasesWhileAlive(params, history.repeats, z) * alive;
}

/**
 * P(X(t) = count): probability of exactly `count` repeat purchases of a new customer within `horizon`.
 * The published 1 − Σ of negative-binomial terms is computed as an incomplete beta, which does not cancel in the tail.
 * @param horizon > 0, in the model's time unit
 * @param count whole number ≥ 0
 */
export function purchaseCountProbability(params: BgNbdParams, horizon: number, count: number): number {
  const { r, alpha, a, b } = params;
  const bought = horizon / (alpha + horizon);
  const negativeBinomial = logRisingFactorial(r, count) + logInverseFactorial(count) + r * Math.log1p(-bought) + count * Math.log(bought);
  const stillAlive = Math.exp(logBeta(a, b + count) - logBeta(a, b) + negativeBinomial);
  if (count === 0) return stillAlive;
  const droppedAtLast = Math.exp(logBeta(a + 1, b + count - 1) - logBeta(a, b));
  return stillAlive + droppedAtLast * incompleteBeta(count, r, bought);
}

/** −ln(count!) */
function logInverseFactorial(count: number): number {
  return count < 2 ? 0 : -logGamma(count + 1);
}
