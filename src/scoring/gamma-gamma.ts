/**
 * Gamma-Gamma: what a buyer spends on one purchase, and with BG/NBD their value.
 * Source: Fader, Hardie & Lee 2005, RFM and CLV: Using Iso-Value Curves, Journal of Marketing Research 42(4);
 * Fader & Hardie 2013, The Gamma-Gamma Model of Monetary Value (note 025). Money is in one currency, major units.
 */
import { conditionalExpectedPurchases, type BgNbdParams, type PurchaseHistory } from './bg-nbd.js';
import { fitFromMaximum, MINIMUM_OBSERVATIONS, refuseFit, totalWeight, type FitResult } from './fit.js';
import { logBeta, maximiseOverPositive } from './math/index.js';

/** Bound once: a sandbox such as jest's looks a global up at every use, which made a fit 20 times slower. */
const { log } = Math;

/** One purchase ~ Gamma(p, nu), nu ~ Gamma(q, v); all positive, v in money. The mean exists for q > 1 only. */
export interface GammaGammaParams {
  readonly p: number;
  readonly q: number;
  readonly v: number;
}

export interface SpendHistory {
  /** Purchases that `meanSpend` averages (the repeats x of BG/NBD), whole number ≥ 0. */
  readonly purchases: number;
  /** Their mean value; 0 when there are none. */
  readonly meanSpend: number;
}

export interface WeightedSpend extends SpendHistory {
  readonly weight: number;
}

/** The model takes spend as independent of frequency; beyond this correlation its mean is biased for the best customers. */
export const MAX_SPEND_FREQUENCY_CORRELATION = 0.3;

/** Months of the CLV sum are this many weeks (365.25 / 12 / 7, as rounded by the lifetimes package). */
export const WEEKS_PER_MONTH = 4.345;

/** Only buyers with a repeat purchase of positive value speak about spend. */
function speaking<T extends WeightedSpend>(rows: readonly T[]): T[] {
  return rows.filter((row) => row.weight > 0 && row.purchases > 0 && row.meanSpend > 0);
}

/** Pearson correlation of purchases and mean spend over buyers with a repeat purchase; null where one of them does not vary. */
export function spendFrequencyCorrelation(rows: readonly WeightedSpend[]): number | null {
  const buyers = speaking(rows);
  const total = totalWeight(buyers);
  const mean = (of: (row: WeightedSpend) => number): number => buyers.reduce((sum, row) => sum + row.weight * of(row), 0) / total;
  const meanPurchases = mean((row) => row.purchases);
  const meanSpend = mean((row) => row.meanSpend);
  const variancePurchases = mean((row) => (row.purchases - meanPurchases) ** 2);
  const varianceSpend = mean((row) => (row.meanSpend - meanSpend) ** 2);
  if (!(variancePurchases > 0 && varianceSpend > 0)) return null;
  return mean((row) => (row.purchases - meanPurchases) * (row.meanSpend - meanSpend)) / Math.sqrt(variancePurchases * varianceSpend);
}

/**
 * ln L = Σ weight · [lnΓ(px+q) − lnΓ(px) − lnΓ(q) + q ln v + (px−1) ln z + px ln x − (px+q) ln(xz+v)]
 * over buyers with x > 0 and z > 0.
 */
export function gammaGammaLogLikelihood({ p, q, v }: GammaGammaParams, rows: readonly WeightedSpend[]): number {
  const byPurchases = new Map<number, number>();
  let sum = 0;
  for (const { purchases: x, meanSpend: z, weight } of speaking(rows)) {
    let common = byPurchases.get(x);
    if (common === undefined) {
      common = p * x * log(x) - logBeta(p * x, q) + q * log(v);
      byPurchases.set(x, common);
    }
    sum += weight * (common + (p * x - 1) * log(z) - (p * x + q) * log(x * z + v));
  }
  return sum;
}

/**
 * Maximum likelihood of the spend model, refused with the reason where |correlation| of spend and frequency exceeds 0.3.
 * A strong negative correlation breaks the same assumption, so it counts too.
 * @param minimumObservations fewer repeat buyers than this are refused
 */
export function fitGammaGamma(
  rows: readonly WeightedSpend[],
  minimumObservations: number = MINIMUM_OBSERVATIONS,
): FitResult<GammaGammaParams> {
  const buyers = speaking(rows);
  const total = totalWeight(buyers);
  if (total < minimumObservations) {
    return refuseFit('too_few_observations', total, `${total} repeat buyers with positive spend, ${minimumObservations} needed`);
  }
  const correlation = spendFrequencyCorrelation(buyers);
  if (correlation !== null && Math.abs(correlation) > MAX_SPEND_FREQUENCY_CORRELATION) {
    return refuseFit('spend_depends_on_frequency', total,
      `spend and frequency correlate at ${correlation.toFixed(3)}, the model allows ${MAX_SPEND_FREQUENCY_CORRELATION}`);
  }
  const meanSpend = buyers.reduce((sum, row) => sum + row.weight * row.meanSpend, 0) / total;
  const toParams = ([p = 1, q = 1, scale = 1]: readonly number[]): GammaGammaParams => ({ p, q, v: scale * meanSpend });
  const maximum = maximiseOverPositive((parameters) => gammaGammaLogLikelihood(toParams(parameters), buyers), [2, 2, 1]);
  const fit = fitFromMaximum(maximum, total, toParams);
  if (fit.fitted && fit.params.q <= 1) return refuseFit('mean_undefined', total, `q = ${fit.params.q.toPrecision(4)} has no finite mean spend`);
  return fit;
}

/** Mean spend on a purchase over the whole population, p v / (q − 1). @throws RangeError for q ≤ 1 */
export function populationMeanSpend({ p, q, v }: GammaGammaParams): number {
  if (!(q > 1)) throw new RangeError(`mean spend needs q > 1, got ${q}`);
  return (p * v) / (q - 1);
}

/**
 * E[M | x, z] = p (v + x z) / (p x + q − 1): expected spend on a future purchase; the population mean at x = 0.
 * @throws RangeError where the mean does not exist (p x + q ≤ 1)
 */
export function conditionalMeanSpend({ p, q, v }: GammaGammaParams, { purchases, meanSpend }: SpendHistory): number {
  const denominator = p * purchases + q - 1;
  if (!(denominator > 0)) throw new RangeError(`mean spend needs p x + q > 1, got ${denominator + 1}`);
  return (p * (v + purchases * meanSpend)) / denominator;
}

export interface ValueHorizon {
  /** Whole months ahead. */
  readonly months: number;
  /** Discount a month, 0.01 for 1 %. */
  readonly monthlyDiscount: number;
  /** Model time units in a month: 4.345 for a model in weeks. */
  readonly unitsPerMonth?: number;
}

/**
 * Discounted value of the coming months: Σᵢ m · (E[Y(c·i)] − E[Y(c·(i−1))]) / (1+d)ⁱ, in the currency of the spend.
 * The convention (end-of-month discounting, c = 4.345 weeks) is that of the lifetimes package.
 */
export function lifetimeValue(
  purchaseModel: BgNbdParams,
  history: PurchaseHistory,
  spendPerPurchase: number,
  { months, monthlyDiscount, unitsPerMonth = WEEKS_PER_MONTH }: ValueHorizon,
): number {
  let value = 0;
  let before = 0;
  for (let month = 1; month <= months; month += 1) {
    const expected = conditionalExpectedPurchases(purchaseModel, history, unitsPerMonth * month);
    value += (spendPerPurchase * (expected - before)) / (1 + monthlyDiscount) ** month;
    before = expected;
  }
  return value;
}
