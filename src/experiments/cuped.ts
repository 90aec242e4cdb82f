/**
 * CUPED: the part of the metric that was known before assignment is taken out of its variance.
 * Source: Deng, Xu, Kohavi & Walker 2013 (WSDM), Improving the Sensitivity of Online Controlled Experiments.
 */
import type { MeanArm } from './lift.js';

/** Moments of one arm: metric y, covariate x known strictly before assignment; (co)variances divided by n − 1. */
export interface CovariateArm {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly varianceX: number;
  readonly varianceY: number;
  readonly covariance: number;
}

export interface CupedResult {
  /** Adjusted arms, to be compared like any two means; at the grand mean of x. */
  readonly arms: readonly MeanArm[];
  readonly theta: number;
  /** Correlation of x and y within the arms: the variance shrinks to 1 − rho². Show it; at .05 CUPED does nothing. */
  readonly rho: number;
}

/**
 * Y' = Y − theta (X − mean X), theta = cov(X, Y)/var(X), both pooled within the arms, so that the effect itself does not
 * enter theta. Without variation in x nothing changes.
 * @throws RangeError where an arm has fewer than two users
 */
export function cuped(arms: readonly CovariateArm[]): CupedResult {
  if (arms.some((arm) => arm.n < 2)) throw new RangeError('CUPED needs at least two users in each arm');
  const pooled = (of: (arm: CovariateArm) => number): number => arms.reduce((sum, arm) => sum + (arm.n - 1) * of(arm), 0);
  const varianceX = pooled((arm) => arm.varianceX);
  const varianceY = pooled((arm) => arm.varianceY);
  const covariance = pooled((arm) => arm.covariance);
  const theta = varianceX > 0 ? covariance / varianceX : 0;
  const users = arms.reduce((sum, arm) => sum + arm.n, 0);
  const grandMeanX = arms.reduce((sum, arm) => sum + arm.n * arm.meanX, 0) / users;
  return {
    theta,
    rho: varianceX > 0 && varianceY > 0 ? covariance / Math.sqrt(varianceX * varianceY) : 0,
    arms: arms.map((arm) => ({
      n: arm.n,
      mean: arm.meanY - theta * (arm.meanX - grandMeanX),
      variance: Math.max(0, arm.varianceY - 2 * theta * arm.covariance + theta ** 2 * arm.varianceX),
    })),
  };
}
