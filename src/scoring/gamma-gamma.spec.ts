import { sampleGamma, seededUniform } from './math/index.js';
import {
  conditionalMeanSpend, fitGammaGamma, gammaGammaLogLikelihood, lifetimeValue, populationMeanSpend, spendFrequencyCorrelation,
  type WeightedSpend,
} from './gamma-gamma.js';
import { conditionalExpectedPurchases } from './bg-nbd.js';

const PUBLISHED = { p: 6.25, q: 3.74, v: 15.44 };
const BG_NBD = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
const row = (purchases: number, meanSpend: number, weight = 1): WeightedSpend => ({ purchases, meanSpend, weight });

/** Independent of purchases unless `slope` ties the scale of spend to them. */
function simulate(buyers: number, slope: number, seed: number, { p, q, v } = { p: 6, q: 4, v: 15 }): WeightedSpend[] {
  const uniform = seededUniform(seed);
  return Array.from({ length: buyers }, () => {
    const purchases = 1 + Math.floor(8 * uniform());
    const nu = sampleGamma(uniform, q, v) / (1 + slope * purchases);
    return row(purchases, sampleGamma(uniform, p * purchases, nu) / purchases);
  });
}

describe('expected spend', () => {
  it('of a buyer with two purchases of 40 at the published parameters', () => {
    expect(conditionalMeanSpend(PUBLISHED, { purchases: 2, meanSpend: 40 })).toBeCloseTo(39.1404, 4);
  });

  it('is the population mean without a purchase and the own mean after many', () => {
    expect(conditionalMeanSpend(PUBLISHED, { purchases: 0, meanSpend: 0 })).toBe(populationMeanSpend(PUBLISHED));
    expect(populationMeanSpend({ p: 6.24880386, q: 3.74458832, v: 15.44774361 })).toBeCloseTo(35.171, 3);
    expect(conditionalMeanSpend(PUBLISHED, { purchases: 1e7, meanSpend: 12 })).toBeCloseTo(12, 5);
  });

  it('is refused where the mean does not exist', () => {
    expect(() => populationMeanSpend({ ...PUBLISHED, q: 1 })).toThrow(RangeError);
    expect(() => conditionalMeanSpend({ ...PUBLISHED, q: 0.5 }, { purchases: 0, meanSpend: 0 })).toThrow(RangeError);
  });
});

describe('fit of spend', () => {
  it.each([
    [{ p: 6, q: 4, v: 15 }, 21], [{ p: 2, q: 6, v: 200 }, 24], [{ p: 15, q: 3, v: 4 }, 25],
  ])('recovers %j from 5,000 simulated buyers', (truth, seed) => {
    const rows = simulate(5_000, 0, seed, truth);
    const fit = fitGammaGamma(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(Math.abs(fit.params.p / truth.p - 1)).toBeLessThan(0.2);
    expect(Math.abs(fit.params.q / truth.q - 1)).toBeLessThan(0.15);
    expect(Math.abs(populationMeanSpend(fit.params) / populationMeanSpend(truth) - 1)).toBeLessThan(0.03);
    const gain = 2 * (fit.logLikelihood - gammaGammaLogLikelihood(truth, rows));
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThan(16.3); // chi-square, 3 degrees of freedom, once in 1,000
  });

  it('is refused, with the correlation, where spend grows with frequency', () => {
    const rows = simulate(2_000, 1, 22);
    expect(spendFrequencyCorrelation(rows)).toBeGreaterThan(0.3);
    const fit = fitGammaGamma(rows);
    expect(fit).toMatchObject({ fitted: false, reason: 'spend_depends_on_frequency' });
    if (!fit.fitted) expect(fit.detail).toMatch(/correlate at 0\.\d{3}/);
  });

  it('leaves out buyers without a repeat or with free orders only, and says when too few are left', () => {
    const silent = [row(0, 0, 500), row(2, 0, 500)];
    expect(fitGammaGamma([...silent, row(2, 10, 29)])).toMatchObject({ fitted: false, reason: 'too_few_observations', observations: 29 });
    const rows = simulate(300, 0, 23);
    expect(fitGammaGamma([...silent, ...rows])).toEqual(fitGammaGamma(rows));
  });

  it('has no correlation where frequency or spend does not vary', () => {
    expect(spendFrequencyCorrelation([row(2, 5), row(2, 9)])).toBeNull();
    expect(spendFrequencyCorrelation([])).toBeNull();
    expect(spendFrequencyCorrelation([row(1, 1), row(2, 2), row(3, 3)])).toBeCloseTo(1, 14);
  });
});

describe('lifetime value', () => {
  const history = { repeats: 2, lastAt: 30.428571, age: 38.857143 };

  it('is spend times purchases when nothing is discounted', () => {
    const expected = 20 * conditionalExpectedPurchases(BG_NBD, history, 12 * 4.345);
    expect(lifetimeValue(BG_NBD, history, 20, { months: 12, monthlyDiscount: 0 })).toBeCloseTo(expected, 10);
    expect(lifetimeValue(BG_NBD, history, 20, { months: 12, monthlyDiscount: 0.01 })).toBeLessThan(expected);
    expect(lifetimeValue(BG_NBD, history, 20, { months: 0, monthlyDiscount: 0.01 })).toBe(0);
  });

  it('reproduces CDNOW customer 1', () => {
    const spend = conditionalMeanSpend(PUBLISHED, { purchases: 2, meanSpend: 22.345 });
    expect(lifetimeValue(BG_NBD, history, spend, { months: 12, monthlyDiscount: 0.01 })).toBeCloseTo(36.285702, 5);
  });
});
