/**
 * Difference of two arms with its interval. Intention to treat: the arms are those assigned, whether or not reached.
 * Rates are per user, not per message.
 */
import { normalQuantile, normalTail, studentCriticalValue, studentTwoSidedP } from '../scoring/math/index.js';

export type Interval = readonly [low: number, high: number];

/** Users of an arm and how many of them converted. */
export interface RateArm {
  readonly trials: number;
  readonly successes: number;
}

/** Users of an arm, mean of their metric and its sample variance (divided by n − 1). */
export interface MeanArm {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
}

export interface Difference {
  readonly treated: number;
  readonly control: number;
  /** treated − control. */
  readonly absolute: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Two-sided. */
  readonly pValue: number;
}

export interface RateDifference extends Difference {
  /** absolute ± z · standardError, for comparison with published tables; `interval` is the one to show. */
  readonly waldInterval: Interval;
}

export interface RelativeLift {
  /** treated/control − 1, 0.2 for +20 %. */
  readonly relative: number;
  readonly interval: Interval;
}

/** z of a two-sided interval of the given level, e.g. 1.96 at 0.95. */
function criticalZ(level: number): number {
  return normalQuantile((1 + level) / 2);
}

/** The arm of a rate as the arm of a 0/1 metric; its variance is pq · n/(n−1). */
export function rateAsMean({ trials, successes }: RateArm): MeanArm {
  const rate = successes / trials;
  return { n: trials, mean: rate, variance: (rate * (1 - rate) * trials) / (trials - 1) };
}

/** Score interval of one rate (Wilson 1927, JASA 22). @param level e.g. 0.95 */
export function wilsonInterval({ trials, successes }: RateArm, level = 0.95): Interval {
  const z2 = criticalZ(level) ** 2;
  const rate = successes / trials;
  const center = (rate + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = Math.sqrt((rate * (1 - rate) + z2 / (4 * trials)) * (z2 / trials)) / (1 + z2 / trials);
  return [successes === 0 ? 0 : center - half, successes === trials ? 1 : center + half];
}

/** Newcombe's hybrid score interval of a difference of rates (Newcombe 1998, Statistics in Medicine 17, method 10). */
function newcombeInterval(treated: RateArm, control: RateArm, level: number): Interval {
  const [low1, high1] = wilsonInterval(treated, level);
  const [low0, high0] = wilsonInterval(control, level);
  const rate1 = treated.successes / treated.trials;
  const rate0 = control.successes / control.trials;
  const difference = rate1 - rate0;
  return [difference - Math.hypot(rate1 - low1, high0 - rate0), difference + Math.hypot(high1 - rate1, rate0 - low0)];
}

function twoSidedNormalP(difference: number, standardError: number): number {
  if (standardError === 0) return difference === 0 ? 1 : 0;
  return Math.min(1, 2 * normalTail(Math.abs(difference) / standardError));
}

/**
 * Difference of two rates: Newcombe's interval, unpooled standard error √(p₁q₁/(n₁−1) + p₀q₀/(n₀−1)), p from z.
 * The interval stays within [−1, 1] and is not empty at 0 of n, where the standard error is 0.
 * @returns null where an arm has fewer than two users
 */
export function rateDifference(treated: RateArm, control: RateArm, level = 0.95): RateDifference | null {
  if (treated.trials < 2 || control.trials < 2) return null;
  const one = rateAsMean(treated);
  const zero = rateAsMean(control);
  const absolute = one.mean - zero.mean;
  const standardError = Math.sqrt(one.variance / one.n + zero.variance / zero.n);
  const half = criticalZ(level) * standardError;
  return {
    treated: one.mean, control: zero.mean, absolute, standardError,
    interval: newcombeInterval(treated, control, level),
    waldInterval: [absolute - half, absolute + half],
    pValue: twoSidedNormalP(absolute, standardError),
  };
}

/** Welch–Satterthwaite degrees of freedom of v₁ + v₀, the variances of the two means. */
function welchDegrees(v1: number, n1: number, v0: number, n0: number): number {
  return (v1 + v0) ** 2 / (v1 ** 2 / (n1 - 1) + v0 ** 2 / (n0 - 1));
}

/** estimate ± t · √(v₁+v₀) and its two-sided p, by Student's t with Welch's degrees of freedom. */
function welch(estimate: number, v1: number, n1: number, v0: number, n0: number, level: number): { interval: Interval; pValue: number } {
  const standardError = Math.sqrt(v1 + v0);
  if (standardError === 0) return { interval: [estimate, estimate], pValue: estimate === 0 ? 1 : 0 };
  const degrees = welchDegrees(v1, n1, v0, n0);
  const half = studentCriticalValue(1 - level, degrees) * standardError;
  return { interval: [estimate - half, estimate + half], pValue: studentTwoSidedP(estimate / standardError, degrees) };
}

/**
 * Difference of two means with unequal variances (Welch 1947, Biometrika 34).
 * @returns null where an arm has fewer than two users
 */
export function meanDifference(treated: MeanArm, control: MeanArm, level = 0.95): Difference | null {
  if (treated.n < 2 || control.n < 2) return null;
  const absolute = treated.mean - control.mean;
  const v1 = treated.variance / treated.n;
  const v0 = control.variance / control.n;
  return {
    treated: treated.mean, control: control.mean, absolute, standardError: Math.sqrt(v1 + v0),
    ...welch(absolute, v1, treated.n, v0, control.n, level),
  };
}

/**
 * Relative lift m₁/m₀ − 1 with the interval exp(ln(m₁/m₀) ± z √(v₁/(n₁m₁²) + v₀/(n₀m₀²))) − 1,
 * which stays above −100 % and keeps its level at small control means.
 * @returns null unless both means are positive
 */
export function relativeLift(treated: MeanArm, control: MeanArm, level = 0.95): RelativeLift | null {
  if (!(treated.mean > 0 && control.mean > 0) || treated.n < 2 || control.n < 2) return null;
  const half = criticalZ(level) * Math.sqrt(
    treated.variance / (treated.n * treated.mean ** 2) + control.variance / (control.n * control.mean ** 2),
  );
  const logRatio = Math.log(treated.mean / control.mean);
  return { relative: Math.expm1(logRatio), interval: [Math.expm1(logRatio - half), Math.expm1(logRatio + half)] };
}

/**
 * Relative lift by the delta method, variance v₁/(n₁m₀²) + v₀m₁²/(n₀m₀⁴), Welch's t. For comparison with other tools
 * (GrowthBook's frequentist engine); the log-scale interval above is the one to show.
 * @returns null where the control mean is 0 or an arm has fewer than two users
 */
export function deltaRelativeLift(
  treated: MeanArm, control: MeanArm, level = 0.95,
): (RelativeLift & { standardError: number; pValue: number }) | null {
  if (control.mean === 0 || treated.n < 2 || control.n < 2) return null;
  const relative = treated.mean / control.mean - 1;
  const v1 = treated.variance / (treated.n * control.mean ** 2);
  const v0 = (control.variance * treated.mean ** 2) / (control.n * control.mean ** 4);
  const standardError = Math.sqrt(v1 + v0);
  // Welch's degrees are those of the difference of the means, as GrowthBook takes them.
  const degrees = welchDegrees(treated.variance / treated.n, treated.n, control.variance / control.n, control.n);
  const half = studentCriticalValue(1 - level, degrees) * standardError;
  return {
    relative, standardError, interval: [relative - half, relative + half],
    pValue: studentTwoSidedP(relative / standardError, degrees),
  };
}

/**
 * Conversions that would not have happened: Y₁ − n₁ · Y₀/n₀, with n₁ times the interval of the difference.
 * @param interval `newcombe` (shown) or `wald` (the plain one of published tables)
 * @returns null where an arm has fewer than two users
 */
export function incrementalConversions(
  treated: RateArm, control: RateArm, { level = 0.95, interval = 'newcombe' as 'newcombe' | 'wald' } = {},
): { count: number; interval: Interval } | null {
  const difference = rateDifference(treated, control, level);
  if (!difference) return null;
  const [low, high] = interval === 'wald' ? difference.waldInterval : difference.interval;
  return { count: treated.trials * difference.absolute, interval: [treated.trials * low, treated.trials * high] };
}
