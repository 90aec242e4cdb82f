/** Bound once: a sandbox such as jest's looks a global up at every use, which made a fit 20 times slower. */
const { abs, exp, log, log1p, max, min } = Math;

const RELATIVE_STOP = 1e-16;
/** Reached only for z beyond 0.99999; anything slower is a wrong call, not a hard one. */
const MAX_TERMS = 2_000_000;

/** ln(eᵃ + eᵇ) without overflow; −∞ stands for a missing term. */
export function logAddExp(a: number, b: number): number {
  const high = max(a, b);
  if (high === -Infinity) return -Infinity;
  return high + log1p(exp(min(a, b) - high));
}

/** ln Σ exp(vᵢ) without overflow; −∞ for an empty list. */
export function logSumExp(values: readonly number[]): number {
  let high = -Infinity;
  for (const value of values) if (value > high) high = value;
  if (high === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += exp(value - high);
  return high + log(sum);
}

/**
 * Generalised hypergeometric power series Σₙ Π(upper)ₙ / Π(lower)ₙ · zⁿ/n!, 0 ≤ z < 1.
 * Stops when the geometric bound of the tail, not merely the last term, is below 1e-16 of the sum:
 * at z = 0.95 the tail is twenty times the last term.
 * Source: definition, Abramowitz & Stegun 1964, 15.1.1.
 * @throws RangeError outside 0 ≤ z < 1, or where 2,000,000 terms do not suffice
 */
export function hypergeometricSeries(upper: readonly number[], lower: readonly number[], z: number): number {
  if (!(z >= 0 && z < 1)) throw new RangeError(`hypergeometric series needs 0 <= z < 1, got ${z}`);
  let term = 1;
  let sum = 1;
  for (let n = 0; n < MAX_TERMS; n += 1) {
    let ratio = z / (n + 1);
    for (const a of upper) ratio *= a + n;
    for (const c of lower) ratio /= c + n;
    term *= ratio;
    sum += term;
    const tail = abs(ratio) < 1 ? abs(term) * max(1, 1 / (1 - max(abs(ratio), z))) : Infinity;
    if (tail <= RELATIVE_STOP * abs(sum)) return sum;
  }
  throw new RangeError(`hypergeometric series did not converge at z = ${z}`);
}

/** Gauss's ₂F₁(a, b; c; z) as its power series, 0 ≤ z < 1, c not a non-positive integer. */
export function hypergeometric2F1(a: number, b: number, c: number, z: number): number {
  return hypergeometricSeries([a, b], [c], z);
}
