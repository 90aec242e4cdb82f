import { nelderMead } from './nelder-mead.js';

/** exp(±14) is about 1e±6: a parameter out there says that the data do not determine it. */
const LOG_BOUND = 14;
const AT_BOUND = 13.5;

export interface Maximum {
  readonly parameters: readonly number[];
  readonly logLikelihood: number;
  readonly evaluations: number;
  readonly converged: boolean;
  /** True when a parameter ran towards 0 or infinity: the optimum is not an estimate. */
  readonly atBound: boolean;
}

/**
 * Maximum of a log-likelihood over positive parameters, searched on their logarithms.
 * Beyond 1e±6 the likelihood counts as −∞, so that a search on a flat ridge ends.
 * @param maxEvaluations after so many the search gives up
 */
export function maximiseOverPositive(
  logLikelihood: (parameters: readonly number[]) => number,
  start: readonly number[],
  maxEvaluations?: number,
): Maximum {
  const objective = (logs: readonly number[]): number =>
    logs.some((value) => Math.abs(value) > LOG_BOUND) ? Infinity : -logLikelihood(logs.map(Math.exp));
  const minimum = nelderMead(objective, start.map(Math.log), maxEvaluations);
  return {
    parameters: minimum.point.map(Math.exp),
    logLikelihood: -minimum.value,
    evaluations: minimum.evaluations,
    converged: minimum.converged,
    atBound: minimum.point.some((value) => Math.abs(value) > AT_BOUND),
  };
}
