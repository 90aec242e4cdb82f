/** Likelihood and fit of BG/NBD (Fader, Hardie & Lee 2005; formulas and units in bg-nbd.ts). */
import { addUp, fitFromMaximum, MINIMUM_OBSERVATIONS, refuseFit, totalWeight, type FitResult } from './fit.js';
import { logBeta, logRisingFactorial, maximiseOverPositive } from './math/index.js';
import { requireHistory, type BgNbdParams, type PurchaseHistory } from './bg-nbd.js';

/** Bound once: a sandbox such as jest's looks a global up at every use, which made a fit 20 times slower. */
const { exp, log, log1p } = Math;

/**
 * Ten times what data with an optimum take (400). On a flat ridge, where no parameters are right, 50,000 distinct histories would
 * otherwise be gone through 20,000 times: two minutes, to be refused in the end.
 */
const MAX_EVALUATIONS = 4_000;

/** Equal histories with the number of buyers who have them. */
export interface WeightedHistory extends PurchaseHistory {
  readonly weight: number;
}

/** Columns of the rows, grouped by x, so that the gamma functions are evaluated once for each x and not once a row. */
interface Prepared {
  readonly repeats: readonly number[];
  readonly group: Int32Array;
  readonly lastAt: Float64Array;
  readonly age: Float64Array;
  readonly weight: Float64Array;
}

/** Adds up equal histories: 2,357 CDNOW buyers are 1,016 rows. */
export function compressHistories(histories: readonly (PurchaseHistory & { readonly weight?: number })[]): WeightedHistory[] {
  const weighted = histories.map(({ repeats, lastAt, age, weight = 1 }) => ({ repeats, lastAt, age, weight }));
  return addUp(weighted, ({ repeats, lastAt, age }) => `${repeats}|${lastAt}|${age}`);
}

function prepare(rows: readonly WeightedHistory[]): Prepared {
  const groups = new Map<number, number>();
  const group = Int32Array.from(rows, (row) => {
    requireHistory(row);
    const known = groups.get(row.repeats) ?? groups.size;
    groups.set(row.repeats, known);
    return known;
  });
  return {
    repeats: [...groups.keys()],
    group,
    lastAt: Float64Array.from(rows, (row) => row.lastAt),
    age: Float64Array.from(rows, (row) => row.age),
    weight: Float64Array.from(rows, (row) => row.weight),
  };
}

/** A1 + A2 of the paper and the ln[a/(b+x−1)] of A4, for each x. */
function termsByRepeats({ r, alpha, a, b }: BgNbdParams, repeats: readonly number[]): { common: Float64Array; dropped: Float64Array } {
  return {
    common: Float64Array.from(repeats, (x) => logRisingFactorial(r, x) + r * log(alpha) + logBeta(a, b + x) - logBeta(a, b)),
    dropped: Float64Array.from(repeats, (x) => (x === 0 ? -Infinity : log(a / (b + x - 1)))),
  };
}

function preparedLogLikelihood(params: BgNbdParams, rows: Prepared): number {
  const { r, alpha } = params;
  const { common, dropped } = termsByRepeats(params, rows.repeats);
  let sum = 0;
  for (let i = 0; i < rows.group.length; i += 1) {
    const group = rows.group[i] as number;
    const exponent = r + (rows.repeats[group] as number);
    const logAge = log(alpha + (rows.age[i] as number));
    const dropout = dropped[group] as number;
    // ln(e^A3 + e^A4) = A3 + ln(1 + e^(A4 − A3)); the exponent alone grows with x, so it needs the guard.
    const gap = dropout === -Infinity ? -Infinity : dropout + exponent * (logAge - log(alpha + (rows.lastAt[i] as number)));
    const mixture = gap > 0 ? gap + log1p(exp(-gap)) : log1p(exp(gap));
    sum += (rows.weight[i] as number) * ((common[group] as number) - exponent * logAge + mixture);
  }
  return sum;
}

/**
 * ln L of the rows: Σ weight · [A1 + A2 + ln(e^A3 + 1{x>0} e^A4)], without the constant of the timing of purchases.
 * @throws RangeError on a row that is no purchase history
 */
export function bgNbdLogLikelihood(params: BgNbdParams, rows: readonly WeightedHistory[]): number {
  return preparedLogLikelihood(params, prepare(rows));
}

/**
 * Maximum likelihood from (1, 1, 1, 1) on log-parameters; alpha starts at the mean age, so that the unit does not matter.
 * @param minimumObservations fewer buyers than this are refused
 */
export function fitBgNbd(
  rows: readonly WeightedHistory[],
  minimumObservations: number = MINIMUM_OBSERVATIONS,
): FitResult<BgNbdParams> {
  const buyers = totalWeight(rows);
  if (buyers < minimumObservations) return refuseFit('too_few_observations', buyers, `${buyers} buyers, ${minimumObservations} needed`);
  const present = rows.filter((row) => row.weight > 0);
  if (!present.some((row) => row.repeats > 0)) return refuseFit('no_variation', buyers, 'nobody has bought twice');
  const prepared = prepare(present);
  const meanAge = present.reduce((sum, row) => sum + row.weight * row.age, 0) / buyers || 1;
  const maximum = maximiseOverPositive(
    ([r = 1, scale = 1, a = 1, b = 1]) => preparedLogLikelihood({ r, alpha: scale * meanAge, a, b }, prepared),
    [1, 1, 1, 1], MAX_EVALUATIONS,
  );
  return fitFromMaximum(maximum, buyers, ([r = 1, scale = 1, a = 1, b = 1]) => ({ r, alpha: scale * meanAge, a, b }));
}
