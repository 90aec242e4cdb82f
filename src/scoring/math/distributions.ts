import { logBeta } from './gamma.js';
import { incompleteBeta, upperIncompleteGamma } from './incomplete.js';

/** P(Z > z) of the standard normal, with the relative precision of the far tail kept. */
export function normalTail(z: number): number {
  const tail = 0.5 * upperIncompleteGamma(0.5, (z * z) / 2);
  return z >= 0 ? tail : 1 - tail;
}

/** P(Z ≤ z) of the standard normal. */
export function normalCdf(z: number): number {
  return normalTail(-z);
}

/** Rational start of the quantile, relative error 4.5e-4: Abramowitz & Stegun 1964, 26.2.23. */
function roughUpperQuantile(tail: number): number {
  const t = Math.sqrt(-2 * Math.log(tail));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/**
 * Quantile of the standard normal, 0 < probability < 1; about 1e-15 after three Halley steps on the tail.
 * @throws RangeError outside (0, 1)
 */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`a quantile needs 0 < p < 1, got ${probability}`);
  if (probability === 0.5) return 0;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  let z = roughUpperQuantile(probability);
  for (let step = 0; step < 3; step += 1) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const error = (normalTail(z) - probability) / density;
    z += error / (1 - (z * error) / 2);
  }
  return -z;
}

/** P(|T| > |t|) of Student's t with `degrees` > 0 degrees of freedom. Source: Abramowitz & Stegun 1964, 26.7.1. */
export function studentTwoSidedP(t: number, degrees: number): number {
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

/**
 * The t that |T| exceeds with probability `twoSided`: the quantile of an interval of level 1 − twoSided.
 * Newton from the normal quantile, which lies to the left of the root of a concave function, so every step stays left.
 * @throws RangeError unless 0 < twoSided < 1
 */
export function studentCriticalValue(twoSided: number, degrees: number): number {
  let t = -normalQuantile(twoSided / 2);
  const logScale = -logBeta(degrees / 2, 0.5) - 0.5 * Math.log(degrees);
  for (let step = 0; step < 200; step += 1) {
    const density = 2 * Math.exp(logScale - ((degrees + 1) / 2) * Math.log1p((t * t) / degrees));
    const change = (studentTwoSidedP(t, degrees) - twoSided) / density;
    t += change;
    if (Math.abs(change) < 1e-13 * (1 + t)) break;
  }
  return t;
}

/** P(X > x) of chi-square with `degrees` > 0 degrees of freedom, x ≥ 0. */
export function chiSquareTail(x: number, degrees: number): number {
  return upperIncompleteGamma(degrees / 2, x / 2);
}
