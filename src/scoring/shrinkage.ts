/**
 * Empirical-Bayes rates: a person's open, click, opt-out or conversion rate, shrunk towards those like them.
 * Sources: Robbins 1956 (empirical Bayes); Griffiths 1973, Biometrics 29(4) (beta-binomial maximum likelihood);
 * Kleinman 1973, JASA 68(341) (moments); Efron & Morris 1975, JASA 70(350) (James–Stein on batting averages).
 */
import { addUp, fitFromMaximum, MINIMUM_OBSERVATIONS, refuseFit, totalWeight, type FitRefusal, type FitResult } from './fit.js';
import { logBeta, logChoose, maximiseOverPositive } from './math/index.js';

/** People with the same counts. */
export interface RateRow {
  /** Trials n (messages), whole number. */
  readonly trials: number;
  /** Successes y (opens), 0 ≤ y ≤ n. */
  readonly successes: number;
  /** Number of people; 1 when left out. */
  readonly weight?: number;
}

export interface BetaPrior {
  readonly alpha: number;
  readonly beta: number;
}

/** `beta`: people differ, shrink by the prior. `pooled`: they do not differ beyond chance, everybody has the mean. */
export type RatePrior = ({ readonly kind: 'beta' } & BetaPrior) | { readonly kind: 'pooled'; readonly mean: number };

type Counted = Required<RateRow>;

function counted(rows: readonly RateRow[]): Counted[] {
  return rows.flatMap(({ trials, successes, weight = 1 }) => {
    if (!(successes >= 0 && successes <= trials)) throw new RangeError(`not a rate: ${successes} of ${trials}`);
    return trials > 0 && weight > 0 ? [{ trials, successes, weight }] : [];
  });
}

/** Σ weight · [ln C(n, y) + ln B(y+a, n−y+b) − ln B(a, b)]. */
export function betaBinomialLogLikelihood({ alpha, beta }: BetaPrior, rows: readonly RateRow[]): number {
  const prior = logBeta(alpha, beta);
  return counted(rows).reduce((sum, { trials, successes, weight }) =>
    sum + weight * (logChoose(trials, successes) + logBeta(successes + alpha, trials - successes + beta) - prior), 0);
}

export interface RateMoments {
  /** Unweighted mean m of the people's rates. */
  readonly mean: number;
  /** Share of the variance that is between people: (s² − m(1−m)·h) / (m(1−m)(1−h)), h the mean of 1/n; ≤ 0: none. */
  readonly correlation: number;
}

/**
 * Moments of the beta-binomial; null where they say nothing (fewer than two people, no variation, or one trial each).
 * For unequal n, E[s²] holds with the mean of 1/n, so the equal-n formula carries over unchanged.
 */
export function rateMoments(rows: readonly RateRow[]): RateMoments | null {
  const people = counted(rows);
  const total = totalWeight(people);
  if (total < 2) return null;
  const average = (of: (row: Counted) => number): number => people.reduce((sum, row) => sum + row.weight * of(row), 0) / total;
  const mean = average((row) => row.successes / row.trials);
  const inverse = average((row) => 1 / row.trials);
  const variance = (average((row) => (row.successes / row.trials - mean) ** 2) * total) / (total - 1);
  const bernoulli = mean * (1 - mean);
  if (!(bernoulli > 0) || !(inverse < 1)) return null;
  return { mean, correlation: (variance - bernoulli * inverse) / (bernoulli * (1 - inverse)) };
}

/** Prior by moments: a + b = 1/rho − 1; complete pooling where rho ≤ 0; null where the moments say nothing. */
export function priorByMoments(rows: readonly RateRow[]): RatePrior | null {
  const moments = rateMoments(rows);
  if (!moments) return null;
  const { mean, correlation } = moments;
  if (correlation <= 0) return { kind: 'pooled', mean };
  const strength = 1 / correlation - 1;
  return { kind: 'beta', alpha: mean * strength, beta: (1 - mean) * strength };
}

/** Searched as odds and strength: alpha and beta themselves lie on a long ridge. */
function toBeta([odds = 1, strength = 1]: readonly number[]): BetaPrior {
  const mean = odds / (1 + odds);
  return { alpha: mean * strength, beta: (1 - mean) * strength };
}

/** Maximum-likelihood beta prior, started at the moments. */
export function fitBetaBinomial(rows: readonly RateRow[], minimumObservations: number = MINIMUM_OBSERVATIONS): FitResult<BetaPrior> {
  const people = addUp(counted(rows), (row) => `${row.trials}|${row.successes}`);
  const total = totalWeight(people);
  if (total < minimumObservations) return refuseFit('too_few_observations', total, `${total} people, ${minimumObservations} needed`);
  const moments = rateMoments(people);
  if (!moments) return refuseFit('no_variation', total, 'all trials ended alike, or nobody had more than one');
  const strength = 1 / Math.min(Math.max(moments.correlation, 1e-3), 0.9) - 1;
  const maximum = maximiseOverPositive(
    (parameters) => betaBinomialLogLikelihood(toBeta(parameters), people),
    [moments.mean / (1 - moments.mean), strength],
  );
  return fitFromMaximum(maximum, total, toBeta);
}

/** Posterior mean (a + y) / (a + b + n); the pooled mean under complete pooling. Counts may be decayed, hence not whole. */
export function posteriorRate(prior: RatePrior, { trials, successes }: { trials: number; successes: number }): number {
  if (prior.kind === 'pooled') return prior.mean;
  return (prior.alpha + successes) / (prior.alpha + prior.beta + trials);
}

/** A count that halves every `halfLife` days, `days` later: y · 2^(−days/halfLife). */
export function decayedCount(count: number, days: number, halfLife: number): number {
  return count * 2 ** (-days / halfLife);
}

/**
 * James–Stein towards the grand mean: m + c (yᵢ − m), c = 1 − (k−3) m(1−m)/n / Σ(yᵢ−m)², k ≥ 4 people with equal n.
 * The oracle of the shrinkage above (Efron & Morris 1975), not its replacement: it needs equal n. c is cut at 0 (positive part).
 */
export function jamesStein(rates: readonly number[], trials: number): { mean: number; factor: number; estimates: number[] } {
  if (rates.length < 4) throw new RangeError('James–Stein towards a mean needs at least 4 rates');
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const spread = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0);
  const factor = spread === 0 ? 0 : Math.max(0, 1 - ((rates.length - 3) * mean * (1 - mean)) / trials / spread);
  return { mean, factor, estimates: rates.map((rate) => mean + factor * (rate - mean)) };
}

/** One level of the hierarchy, nearest first: segment, channel, global. */
export interface PriorLevel<L extends string> {
  readonly level: L;
  readonly rows: readonly RateRow[];
}

export interface ChosenPrior<L extends string> {
  /** The level whose data made the prior; `stated` when none had enough. */
  readonly level: L | 'stated';
  readonly prior: RatePrior;
  /** The nearer levels and why each of them was not used. */
  readonly skipped: readonly { readonly level: L; readonly reason: FitRefusal; readonly detail: string }[];
}

/**
 * The prior of the nearest level with enough data: a level with fewer than 30 people or whose fit ends at a bound is
 * climbed past; one whose people do not differ beyond chance is pooled, not skipped.
 * @param stated used, and named, when no level has enough
 */
export function climbForPrior<L extends string>(
  levels: readonly PriorLevel<L>[],
  stated: RatePrior,
  minimumObservations: number = MINIMUM_OBSERVATIONS,
): ChosenPrior<L> {
  const skipped: { level: L; reason: FitRefusal; detail: string }[] = [];
  for (const { level, rows } of levels) {
    const people = totalWeight(counted(rows));
    const byMoments = people < minimumObservations ? null : priorByMoments(rows);
    if (byMoments?.kind === 'pooled') return { level, prior: byMoments, skipped };
    const fit = fitBetaBinomial(rows, minimumObservations);
    if (fit.fitted) return { level, prior: { kind: 'beta', ...fit.params }, skipped };
    skipped.push({ level, reason: fit.reason, detail: fit.detail });
  }
  return { level: 'stated', prior: stated, skipped };
}
