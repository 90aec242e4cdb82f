/**
 * Which variant is best, from Beta(1 + y, 1 + n − y) posteriors (Thompson 1933, Biometrika 25).
 */
import { logBeta, sampleBeta, type UniformSource } from '../scoring/math/index.js';
import type { RateArm } from './lift.js';

/** Standard error of a share from this many draws is at most .0035. */
export const DEFAULT_DRAWS = 20_000;

interface Posterior {
  readonly a: number;
  readonly b: number;
}

function posterior({ trials, successes }: RateArm): Posterior {
  if (!Number.isInteger(trials) || !Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`not a rate: ${successes} of ${trials}`);
  }
  return { a: 1 + successes, b: 1 + trials - successes };
}

/** Σ_{i<y.a} B(x.a+i, x.b+y.b) / ((y.b+i) B(1+i, y.b) B(x.a, x.b)) = P(y > x); each term follows from the one before. */
function sumOverSuccesses(x: Posterior, y: Posterior): number {
  let logTerm = logBeta(x.a, x.b + y.b) - logBeta(x.a, x.b);
  let sum = 0;
  for (let i = 0; i < y.a; i += 1) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(((x.a + i) / (x.a + x.b + y.b + i)) * ((y.b + i) / (1 + i)));
  }
  return Math.min(1, sum);
}

const mirrored = ({ a, b }: Posterior): Posterior => ({ a: b, b: a });

/**
 * P(rate of `better` > rate of `other`), exact for whole counts.
 * Source: Miller 2015, Formulas for Bayesian A/B Testing, in its four symmetric forms; the shortest sum is taken,
 * so that the cost follows the rarest outcome and not the audience.
 */
export function probabilityBeats(better: RateArm, other: RateArm): number {
  const y = posterior(better);
  const x = posterior(other);
  const shortest = Math.min(x.a, x.b, y.a, y.b);
  if (shortest === y.a) return sumOverSuccesses(x, y);
  if (shortest === x.a) return 1 - sumOverSuccesses(y, x);
  if (shortest === x.b) return sumOverSuccesses(mirrored(y), mirrored(x));
  return 1 - sumOverSuccesses(mirrored(x), mirrored(y));
}

/**
 * P(arm is the best) for each arm, summing to 1: exact for two arms, by `draws` posterior draws for more.
 * @param uniform injected and seeded, so that the same counts show the same numbers; used for more than two arms only
 */
export function winProbability(arms: readonly RateArm[], uniform: UniformSource, draws: number = DEFAULT_DRAWS): number[] {
  const [first, second] = arms;
  if (!first) return [];
  if (!second) return [1];
  if (arms.length === 2) {
    const win = probabilityBeats(first, second);
    return [win, 1 - win];
  }
  const posteriors = arms.map(posterior);
  const wins = new Array<number>(arms.length).fill(0);
  for (let draw = 0; draw < draws; draw += 1) {
    const rates = posteriors.map(({ a, b }) => sampleBeta(uniform, a, b));
    const best = rates.indexOf(Math.max(...rates));
    wins[best] = (wins[best] ?? 0) + 1;
  }
  return wins.map((count) => count / draws);
}
