import type { Maximum } from './math/index.js';

/** Below this many users (or messages) a model is not fitted and the level above answers (segment → channel → global). */
export const MINIMUM_OBSERVATIONS = 30;

export type FitRefusal =
  /** Fewer observations than the minimum. */
  | 'too_few_observations'
  /** The data hold only one kind of outcome (nobody came back, nobody opened, nobody left). */
  | 'no_variation'
  /** A parameter ran to 0 or infinity: the data do not determine it. */
  | 'at_bound'
  /** The search used up its evaluations. */
  | 'not_converged'
  /** Spend and frequency correlate beyond what Gamma-Gamma may assume. */
  | 'spend_depends_on_frequency'
  /** The fitted spend has no finite mean (q ≤ 1). */
  | 'mean_undefined';

export interface Fitted<P> {
  readonly fitted: true;
  readonly params: P;
  readonly logLikelihood: number;
  /** Sum of the weights the fit rests on. */
  readonly observations: number;
}

export interface NotFitted {
  readonly fitted: false;
  readonly reason: FitRefusal;
  readonly detail: string;
  readonly observations: number;
}

export type FitResult<P> = Fitted<P> | NotFitted;

export function refuseFit(reason: FitRefusal, observations: number, detail: string): NotFitted {
  return { fitted: false, reason, detail, observations };
}

/** The estimate of a search, or the reason why its end is none. */
export function fitFromMaximum<P>(
  maximum: Maximum,
  observations: number,
  toParams: (parameters: readonly number[]) => P,
): FitResult<P> {
  const values = maximum.parameters.map((value) => value.toPrecision(4)).join(', ');
  if (!Number.isFinite(maximum.logLikelihood)) return refuseFit('not_converged', observations, 'the likelihood is not finite');
  if (maximum.atBound) return refuseFit('at_bound', observations, `the optimum runs to (${values})`);
  if (!maximum.converged) return refuseFit('not_converged', observations, `stopped at (${values})`);
  return { fitted: true, params: toParams(maximum.parameters), logLikelihood: maximum.logLikelihood, observations };
}

/** Sum of the weights. @throws RangeError on a negative or non-finite weight */
export function totalWeight(rows: readonly { readonly weight: number }[]): number {
  let sum = 0;
  for (const { weight } of rows) {
    if (!(weight >= 0) || weight === Infinity) throw new RangeError(`a weight must be finite and not negative, got ${weight}`);
    sum += weight;
  }
  return sum;
}

/** Adds up the weights of rows with the same key, so that a fit costs by distinct histories and not by people. */
export function addUp<R extends { readonly weight: number }>(rows: readonly R[], keyOf: (row: R) => string): R[] {
  const byKey = new Map<string, R>();
  for (const row of rows) {
    const key = keyOf(row);
    const known = byKey.get(key);
    byKey.set(key, known ? { ...known, weight: known.weight + row.weight } : row);
  }
  return [...byKey.values()];
}
