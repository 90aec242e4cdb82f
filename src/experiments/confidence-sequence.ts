/**
 * Intervals that stay valid however often they are looked at. Operators watch campaigns run: stopping at the first
 * "significant" look of 100 gave 36 % false positives where a fixed-horizon test promises 5 %.
 */
import { logBeta } from '../scoring/math/index.js';
import { rateAsMean, type Interval, type RateArm } from './lift.js';

/** Users (both arms together) at which the sequence is tightest. */
export const DEFAULT_TIGHTEST_AT = 5_000;
/** The sequence is asymptotic: with fewer conversions in an arm it is not shown. */
export const MINIMUM_CONVERSIONS = 100;

/** rho of the asymptotic sequence: √((−2 ln α + ln(1 − 2 ln α)) / N*), N* the users where it is to be tightest. */
export function sequenceRho(tightestAt: number, alpha = 0.05): number {
  return Math.sqrt((-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / tightestAt);
}

/**
 * Half-width of the asymptotic confidence sequence of a difference:
 * √(N·Var(d)) · √(2(Nρ²+1)/(N²ρ²) · ln(√(Nρ²+1)/α)).
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, Time-uniform central limit theory (arXiv 2103.06476).
 * @param users N > 0, both arms together
 * @param varianceOfDifference Var(d), the square of the standard error
 */
export function asymptoticHalfWidth(
  users: number, varianceOfDifference: number, { alpha = 0.05, tightestAt = DEFAULT_TIGHTEST_AT } = {},
): number {
  const rho2 = sequenceRho(tightestAt, alpha) ** 2;
  const grown = users * rho2 + 1;
  return Math.sqrt(users * varianceOfDifference) * Math.sqrt(((2 * grown) / (users ** 2 * rho2)) * Math.log(Math.sqrt(grown) / alpha));
}

/**
 * Confidence sequence of the difference of two rates, treated − control.
 * @returns null while an arm has fewer than `minimumConversions` conversions
 */
export function rateDifferenceSequence(
  treated: RateArm, control: RateArm,
  { alpha = 0.05, tightestAt = DEFAULT_TIGHTEST_AT, minimumConversions = MINIMUM_CONVERSIONS } = {},
): Interval | null {
  if (Math.min(treated.successes, control.successes) < minimumConversions || Math.min(treated.trials, control.trials) < 2) return null;
  const one = rateAsMean(treated);
  const zero = rateAsMean(control);
  const half = asymptoticHalfWidth(one.n + zero.n, one.variance / one.n + zero.variance / zero.n, { alpha, tightestAt });
  return [one.mean - zero.mean - half, one.mean - zero.mean + half];
}

/**
 * rho of the two-sided normal mixture that is tightest at intrinsic time `tightestAt` (a variance):
 * v / (2 ln(1/α) + ln(1 + 2 ln(1/α))).
 * Source: Howard, Ramdas, McAuliffe & Sekhon 2021, Annals of Statistics 49(2), doi 10.1214/20-AOS1991.
 */
export function normalMixtureRho(tightestAt: number, alpha = 0.05): number {
  const twice = 2 * Math.log(1 / alpha);
  return tightestAt / (twice + Math.log1p(twice));
}

/** Two-sided normal-mixture bound on |S| at intrinsic time v: √((v+ρ) ln((v+ρ)/(α²ρ))) (Howard et al. 2021). */
export function normalMixtureBound(v: number, rho: number, alpha = 0.05): number {
  return Math.sqrt((v + rho) * Math.log((v + rho) / (alpha ** 2 * rho)));
}

/** ln of the two-sided normal-mixture supermartingale at sum s and intrinsic time v (Howard et al. 2021). */
export function logNormalMixture(s: number, v: number, rho: number): number {
  return 0.5 * Math.log(rho / (v + rho)) + s ** 2 / (2 * (v + rho));
}

/** The p on one side of the empirical rate where an increasing-outwards statistic reaches the threshold. */
function crossing(statistic: (p: number) => number, threshold: number, inside: number, edge: number): number {
  let low = inside;
  let high = edge;
  for (let step = 0; step < 200 && low !== high; step += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (statistic(middle) < threshold) low = middle;
    else high = middle;
  }
  return low;
}

function invert(statistic: (p: number) => number, { trials, successes }: RateArm, alpha: number): Interval {
  const rate = successes / trials;
  const threshold = Math.log(1 / alpha);
  return [
    successes === 0 ? 0 : crossing(statistic, threshold, rate, 0),
    successes === trials ? 1 : crossing(statistic, threshold, rate, 1),
  ];
}

/** −(S ln p + F ln(1−p)), with 0 · ln 0 = 0. */
function negativeLogLikelihood(successes: number, failures: number, p: number): number {
  return -(successes === 0 ? 0 : successes * Math.log(p)) - (failures === 0 ? 0 : failures * Math.log1p(-p));
}

/**
 * Exact confidence sequence of one rate, valid at every event and every n:
 * {p : ln B(1+S, 1+n−S) − S ln p − (n−S) ln(1−p) < ln(1/α)}, a uniform mixture.
 * The opt-out circuit breaker: pause when the lower limit exceeds the tolerated rate.
 * Source: Robbins 1970, Annals of Mathematical Statistics 41(5).
 */
export function rateSequence(arm: RateArm, alpha = 0.05): Interval {
  const { trials, successes } = arm;
  if (!(successes >= 0 && successes <= trials)) throw new RangeError(`not a rate: ${successes} of ${trials}`);
  if (trials === 0) return [0, 1];
  const mixture = logBeta(1 + successes, 1 + trials - successes);
  return invert((p) => mixture + negativeLogLikelihood(successes, trials - successes, p), arm, alpha);
}

/**
 * Confidence sequence of one rate whose beta mixture is centred at each candidate p and tightest at `tightestAt` trials.
 * Tighter than `rateSequence` near that n, looser far from it.
 * Source: Howard et al. 2021, beta-binomial mixture, as in their confseq package (`bernoulli_confidence_interval`).
 */
export function tunedRateSequence(arm: RateArm, tightestAt: number, alpha = 0.05): Interval {
  const { trials, successes } = arm;
  if (!(trials > 0)) return [0, 1];
  const pseudoTrials = Math.max(normalMixtureRho(tightestAt, 0.05) - 1, 1e-3);
  const statistic = (p: number): number => {
    if (p <= 0 || p >= 1) return Infinity;
    const prior = logBeta(pseudoTrials * p, pseudoTrials * (1 - p));
    const posterior = logBeta(pseudoTrials * p + successes, pseudoTrials * (1 - p) + trials - successes);
    return posterior - prior + negativeLogLikelihood(successes, trials - successes, p);
  };
  return invert(statistic, arm, alpha);
}
