import { sampleBeta, seededUniform } from './math/index.js';
import {
  betaBinomialLogLikelihood, climbForPrior, decayedCount, fitBetaBinomial, jamesStein, posteriorRate, priorByMoments, rateMoments, type RatePrior, type RateRow,
} from './shrinkage.js';

/** Efron & Morris 1975: hits in the first 45 at-bats of 1970, and the batting average of the rest of the season. */
const HITS = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7];
const REST = [.346, .298, .276, .222, .273, .270, .263, .210, .269, .230, .264, .256, .303, .264, .226, .285, .316, .200];
const BATTERS: RateRow[] = HITS.map((successes) => ({ trials: 45, successes }));
const squaredError = (estimates: readonly number[]): number => estimates.reduce((sum, value, i) => sum + (value - (REST[i] ?? 0)) ** 2, 0);
const estimates = (prior: RatePrior): number[] => BATTERS.map((batter) => posteriorRate(prior, batter));

describe('the batters of Efron and Morris', () => {
  const rates = HITS.map((hits) => hits / 45);

  it('James–Stein', () => {
    const { mean, factor, estimates: shrunk } = jamesStein(rates, 45);
    expect(mean).toBeCloseTo(0.26543209876543217, 14);
    expect(factor).toBeCloseTo(0.2116534171442659, 12);
    expect(shrunk[0]).toBeCloseTo(0.29391385489966054, 12);
    expect(shrunk[17]).toBeCloseTo(0.2421763529310622, 12);
    expect(squaredError(rates)).toBeCloseTo(0.07531695061728395, 14);
    expect(squaredError(shrunk)).toBeCloseTo(0.0213069148901974, 12);
  });

  it('beta-binomial by maximum likelihood', () => {
    const fit = fitBetaBinomial(BATTERS, 10);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.params.alpha / 210.5577862).toBeCloseTo(1, 3);
    expect(fit.params.beta / 582.7052162).toBeCloseTo(1, 3);
    expect(squaredError(estimates({ kind: 'beta', ...fit.params }))).toBeCloseTo(0.022808514510728784, 6);
  });

  it('beta-binomial by moments', () => {
    const prior = priorByMoments(BATTERS);
    expect(prior).toMatchObject({ kind: 'beta' });
    if (prior?.kind !== 'beta') return;
    expect(prior.alpha).toBeCloseTo(97.676, 3);
    expect(prior.beta).toBeCloseTo(270.312, 3);
  });
});

function simulate(people: number, alpha: number, beta: number, seed: number): RateRow[] {
  const uniform = seededUniform(seed);
  return Array.from({ length: people }, () => {
    const rate = sampleBeta(uniform, alpha, beta);
    const trials = 1 + Math.floor(40 * uniform());
    let successes = 0;
    for (let i = 0; i < trials; i += 1) successes += Number(uniform() < rate);
    return { trials, successes };
  });
}

describe('shrinkage', () => {
  it.each([[2, 18, 51], [0.7, 3, 52], [6, 90, 53]])('recovers the prior (%d, %d) from 5,000 simulated people with unequal numbers of messages, both ways', (alpha, beta, seed) => {
    const rows = simulate(5_000, alpha, beta, seed);
    const fit = fitBetaBinomial(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(Math.abs(fit.params.alpha / (fit.params.alpha + fit.params.beta) / (alpha / (alpha + beta)) - 1)).toBeLessThan(0.05);
    // The strength of a prior that is worth 96 messages shows in people with at most 40 of them less clearly.
    expect(Math.abs((fit.params.alpha + fit.params.beta) / (alpha + beta) - 1)).toBeLessThan(0.3);
    const moments = rateMoments(rows);
    expect(Math.abs((moments?.correlation ?? NaN) - 1 / (alpha + beta + 1))).toBeLessThan(0.01);
    const gain = 2 * (fit.logLikelihood - betaBinomialLogLikelihood({ alpha, beta }, rows));
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThan(13.8); // chi-square, 2 degrees of freedom, once in 1,000
  });

  it('counts a weighted row as that many people', () => {
    const apart = [...Array.from({ length: 40 }, () => ({ trials: 9, successes: 2 })), ...Array.from({ length: 25 }, () => ({ trials: 4, successes: 3 }))];
    const together = [{ trials: 9, successes: 2, weight: 40 }, { trials: 4, successes: 3, weight: 25 }];
    const [one, other] = [fitBetaBinomial(apart), fitBetaBinomial(together)];
    if (!one.fitted || !other.fitted) throw new Error('no fit');
    expect(other.params.alpha).toBeCloseTo(one.params.alpha, 5);
    expect(other.logLikelihood).toBeCloseTo(one.logLikelihood, 9);
  });

  it('gives a person without messages the prior mean and one with many their own rate', () => {
    const prior = { kind: 'beta', alpha: 2, beta: 18 } as const;
    expect(posteriorRate(prior, { trials: 0, successes: 0 })).toBe(0.1);
    expect(posteriorRate(prior, { trials: 1e6, successes: 4e5 })).toBeCloseTo(0.4, 4);
    expect(posteriorRate({ kind: 'pooled', mean: 0.3 }, { trials: 50, successes: 50 })).toBe(0.3);
  });

  it('halves a count every half-life', () => expect(decayedCount(8, 60, 30)).toBe(2));

  it('refuses more successes than trials', () => expect(() => rateMoments([{ trials: 1, successes: 2 }, { trials: 2, successes: 0 }])).toThrow(RangeError));

  it('pools to the mean when rates differ less than by chance', () => {
    const even = [...Array.from({ length: 20 }, () => ({ trials: 10, successes: 3 })), ...Array.from({ length: 20 }, () => ({ trials: 10, successes: 4 }))];
    expect(priorByMoments(even)).toEqual({ kind: 'pooled', mean: expect.closeTo(0.35, 12) });
    expect(jamesStein(even.map((row) => row.successes / row.trials), 10).factor).toBe(0);
  });
});

describe('climbing the hierarchy', () => {
  const stated: RatePrior = { kind: 'beta', alpha: 1, beta: 9 };
  const many = simulate(400, 2, 8, 61);
  const few = many.slice(0, 29);
  const silent = Array.from({ length: 100 }, () => ({ trials: 5, successes: 0 }));

  it('uses the nearest level with at least 30 people', () => {
    const own = climbForPrior([{ level: 'segment', rows: many.slice(0, 200) }, { level: 'channel', rows: many }], stated);
    expect(own).toMatchObject({ level: 'segment', skipped: [], prior: { kind: 'beta' } });
  });

  it('climbs past too few people and past a fit without an optimum, naming both', () => {
    const climbed = climbForPrior(
      [{ level: 'segment', rows: few }, { level: 'channel', rows: silent }, { level: 'global', rows: many }], stated);
    expect(climbed.level).toBe('global');
    expect(climbed.skipped.map(({ level, reason }) => [level, reason])).toEqual([
      ['segment', 'too_few_observations'], ['channel', 'no_variation'],
    ]);
  });

  it('stays with a level whose people are alike, pooling them', () => {
    const alike = Array.from({ length: 60 }, (_, i) => ({ trials: 10, successes: 2 + (i % 2) }));
    expect(climbForPrior([{ level: 'segment', rows: alike }, { level: 'global', rows: many }], stated))
      .toEqual({ level: 'segment', prior: { kind: 'pooled', mean: expect.closeTo(0.25, 12) }, skipped: [] });
  });

  it('falls back on the stated prior, and says so, when nobody has data', () => {
    const none = climbForPrior([{ level: 'segment', rows: [] }, { level: 'global', rows: few }], stated);
    expect(none).toMatchObject({ level: 'stated', prior: stated });
    expect(none.skipped).toHaveLength(2);
  });
});
