/**
 * Sample-ratio mismatch: arms whose sizes do not fit their shares mean a broken assignment, and no lift is readable.
 */
import { chiSquareTail, logRisingFactorial } from '../scoring/math/index.js';

/** Fabijan et al. 2019 (KDD): about 6 % of Microsoft's experiments show a mismatch; practitioners flag below .01 to .0005. */
export const SAMPLE_RATIO_ALARM = 0.001;

function probabilities(counts: readonly number[], weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (counts.length !== weights.length || weights.some((weight) => !(weight >= 0)) || !(total > 0)) {
    throw new RangeError('counts and non-negative weights must pair up, with a positive sum of weights');
  }
  return weights.map((weight) => weight / total);
}

export interface SampleRatio {
  readonly chiSquare: number;
  readonly pValue: number;
}

/**
 * Pearson's chi-square of the arm sizes against their weights, arms − 1 degrees of freedom (Pearson 1900).
 * For one look at the end; a live panel takes the sequential test below.
 * @returns p = 1 with fewer than two arms of positive weight or nobody assigned; p = 0 when an arm of weight 0 has users
 */
export function sampleRatio(counts: readonly number[], weights: readonly number[]): SampleRatio {
  const shares = probabilities(counts, weights);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const arms = shares.filter((share) => share > 0).length;
  if (counts.some((count, i) => count > 0 && shares[i] === 0)) return { chiSquare: Infinity, pValue: 0 };
  if (arms < 2 || total === 0) return { chiSquare: 0, pValue: 1 };
  const chiSquare = counts.reduce((sum, count, i) => {
    const expected = total * (shares[i] as number);
    return expected === 0 ? sum : sum + (count - expected) ** 2 / expected;
  }, 0);
  return { chiSquare, pValue: chiSquareTail(chiSquare, arms - 1) };
}

/** Weight of the null in pseudo-users: large, so that only small, real deviations are looked for. */
export const DEFAULT_CONCENTRATION = 10_000;

/**
 * Bayes factor of "the shares are others" against "they are as planned", Dirichlet-multinomial over multinomial:
 * ln BF = lnΓ(A) − lnΓ(A+n) + Σ [lnΓ(aᵢ+xᵢ) − lnΓ(aᵢ)] − Σ xᵢ ln pᵢ, aᵢ = pᵢ · c, A = c.
 * Source: Lindon & Malek 2022 (NeurIPS), Anytime-Valid Inference for Multinomial Count Data.
 */
export function logSampleRatioBayesFactor(
  counts: readonly number[], weights: readonly number[], concentration: number = DEFAULT_CONCENTRATION,
): number {
  const shares = probabilities(counts, weights);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => {
    const share = shares[i] as number;
    if (count === 0) return sum;
    return share === 0 ? Infinity : sum + logRisingFactorial(share * concentration, count) - count * Math.log(share);
  }, -logRisingFactorial(concentration, total));
}

/**
 * Sequential p-value after one more look: min(previous, 1/BF), valid however often it is looked at.
 * @param previous the p of the look before, 1 at the start
 */
export function sequentialSampleRatioP(
  previous: number, counts: readonly number[], weights: readonly number[], concentration: number = DEFAULT_CONCENTRATION,
): number {
  return Math.min(previous, Math.exp(-logSampleRatioBayesFactor(counts, weights, concentration)));
}
