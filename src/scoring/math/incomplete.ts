import { logBeta, logGamma } from './gamma.js';

const RELATIVE_STOP = 1e-16;
const MAX_TERMS = 100_000;
/** Keeps Lentz's quotients away from a division by zero. */
const TINY = 1e-300;

/** Modified Lentz evaluation of b₀ + a₁/(b₁ + a₂/(b₂ + …)); `step(i)` gives [aᵢ, bᵢ] for i ≥ 1. */
function continuedFraction(b0: number, step: (i: number) => readonly [number, number]): number {
  let value = b0 === 0 ? TINY : b0;
  let numerator = value;
  let denominator = 0;
  for (let i = 1; i < MAX_TERMS; i += 1) {
    const [a, b] = step(i);
    denominator = 1 / (b + a * denominator || TINY);
    numerator = b + a / numerator || TINY;
    const change = numerator * denominator;
    value *= change;
    if (Math.abs(change - 1) < 4 * RELATIVE_STOP) return value;
  }
  throw new RangeError('continued fraction did not converge');
}

function lowerGammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MAX_TERMS && term > RELATIVE_STOP * sum; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a));
}

/**
 * Regularised upper incomplete gamma Q(a, x) = Γ(a, x) / Γ(a), a > 0, x ≥ 0.
 * Source: series and continued fraction of Abramowitz & Stegun 1964, 6.5.29 and 6.5.31; the change at x = a + 1
 * keeps the relative precision of a far tail.
 */
export function upperIncompleteGamma(a: number, x: number): number {
  if (!(x >= 0)) throw new RangeError(`upperIncompleteGamma needs x >= 0, got ${x}`);
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  if (x < a + 1) return 1 - lowerGammaSeries(a, x);
  const fraction = continuedFraction(x + 1 - a, (i) => [i * (a - i), x + 2 * i + 1 - a]);
  return Math.exp(a * Math.log(x) - x - logGamma(a)) / fraction;
}

function betaFraction(a: number, b: number, x: number): number {
  const fraction = continuedFraction(1, (i) => {
    const m = Math.floor(i / 2);
    const coefficient = i % 2 === 0
      ? (m * (b - m) * x) / ((a + i - 1) * (a + i))
      : (-(a + m) * (a + b + m) * x) / ((a + i - 1) * (a + i));
    return [coefficient, 1];
  });
  return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / (a * fraction);
}

/**
 * Regularised incomplete beta I_x(a, b), a, b > 0, 0 ≤ x ≤ 1.
 * Source: continued fraction of Abramowitz & Stegun 1964, 26.5.8, on the side of the mean where it converges fast.
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`incompleteBeta needs 0 <= x <= 1, got ${x}`);
  if (x === 0 || x === 1) return x;
  return x < (a + 1) / (a + b + 2) ? betaFraction(a, b, x) : 1 - betaFraction(b, a, 1 - x);
}
