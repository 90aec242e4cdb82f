import { bgNbdLogLikelihood, compressHistories, fitBgNbd, type WeightedHistory } from './bg-nbd-fit.js';
import {
  conditionalExpectedPurchases, expectedPurchases, probabilityAlive, purchaseCountProbability, type BgNbdParams,
} from './bg-nbd.js';
import { sampleBeta, sampleExponential, sampleGamma, seededUniform, type UniformSource } from './math/index.js';

const PUBLISHED: BgNbdParams = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
/** The refit of the BTYD vignette, at which its examples are printed. */
const REFIT: BgNbdParams = { r: 0.2425967, alpha: 4.413659, a: 0.7929869, b: 2.426164 };

const history = (repeats: number, lastAt: number, age: number) => ({ repeats, lastAt, age });
const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describe('published values', () => {
  it.each([[2, 30.43, 38.86, -9.45860630706627], [0, 0, 38.86, -0.5547132764381585], [1, 1.71, 38.86, -4.469093275032588]])(
    'ln L of (%d, %d, %d)', (x, lastAt, age, expected) => {
      expect(bgNbdLogLikelihood(PUBLISHED, [{ ...history(x, lastAt, age), weight: 1 }])).toBeCloseTo(expected, 11);
    });

  it('E[X(t)]', () => {
    expect(relative(expectedPurchases(REFIT, 52), 1.444004)).toBeLessThan(3e-6);
    const table = [[0.1429, 0.0078], [1, 0.0532], [3, 0.1506], [31.8571, 1.0405], [32, 1.0437]] as const;
    for (const [t, expected] of table) expect(Math.abs(expectedPurchases(REFIT, t) - expected)).toBeLessThan(5.1e-5);
    // printed at a fit of another rounding; the exact value at these parameters is 1.85794
    expect(Math.abs(expectedPurchases(REFIT, 78) - 1.8576)).toBeLessThan(4e-4);
  });

  it('customer 1516 and the customer of the paper', () => {
    expect(relative(conditionalExpectedPurchases(REFIT, history(26, 30.857, 31), 52), 25.75659)).toBeLessThan(3e-5);
    expect(relative(probabilityAlive(REFIT, history(26, 30.857, 31)), 0.9688523)).toBeLessThan(3e-5);
    expect(conditionalExpectedPurchases(PUBLISHED, history(2, 30.43, 38.86), 39)).toBeCloseTo(1.226, 3);
  });

  it('more purchases with the same silence mean less hope', () => {
    const expected = [0.3474606, 0.04283391, 0.004158973, 0.0003583685];
    [10, 15, 20, 25].forEach((x, i) =>
      expect(relative(conditionalExpectedPurchases(REFIT, history(x, 20, 39), 52), expected[i] ?? 0)).toBeLessThan(2e-6));
  });

  it('P(X(t) = x)', () => {
    expect(relative(purchaseCountProbability(PUBLISHED, 2, 10), 1.07869e-7)).toBeLessThan(3e-6);
    expect(relative(purchaseCountProbability(PUBLISHED, 39, 0), 0.5737864)).toBeLessThan(1e-7);
    const from11 = [
      0.0019995214, 0.0015170236, 0.001163315, 0.0009003148, 0.0007023638, 0.0005517902, 0.0004361913, 0.0003467171,
      0.0002769613, 0.000222226,
    ];
    from11.forEach((expected, i) => expect(relative(purchaseCountProbability(PUBLISHED, 30, 11 + i), expected)).toBeLessThan(2e-6));
  });
});

describe('consistency', () => {
  it('the distribution of counts sums to 1 and has the expectation as its mean', () => {
    // t = 5 weeks: the tail beyond 400 purchases is below 1e-12
    let total = 0;
    let mean = 0;
    for (let x = 0; x <= 400; x += 1) {
      const p = purchaseCountProbability(PUBLISHED, 5, x);
      total += p;
      mean += x * p;
    }
    expect(total).toBeCloseTo(1, 10);
    expect(mean).toBeCloseTo(expectedPurchases(PUBLISHED, 5), 9);
  });

  it('stays smooth where the printed formula is 0/0 (a = 1) or has a pole (a + b + x = 1)', () => {
    const at = (a: number, b: number): number => conditionalExpectedPurchases({ r: 0.5, alpha: 8, a, b }, history(0, 0, 10), 20);
    for (const [a, b] of [[1, 2], [0.25, 0.75]] as const) {
      expect(relative(at(a, b), (at(a - 1e-5, b) + at(a + 1e-5, b)) / 2)).toBeLessThan(1e-9);
    }
  });

  it('neither overflows nor stalls for a buyer with 5,000 orders or a horizon of a century', () => {
    // both by the printed formula in 60 digits
    expect(relative(conditionalExpectedPurchases(PUBLISHED, history(5_000, 51.9, 52), 13), 497.50022340510947)).toBeLessThan(1e-11);
    expect(relative(expectedPurchases(PUBLISHED, 5_200), 12.148119026370995)).toBeLessThan(1e-12);
  });

  it('without a repeat purchase everybody counts as alive', () => expect(probabilityAlive(PUBLISHED, history(0, 0, 500))).toBe(1));

  it.each([[-1, 0, 5], [1.5, 1, 5], [1, 6, 5], [0, 2, 5], [1, 1, Infinity]])('refuses (%d, %d, %d) as a history', (x, lastAt, age) => {
    expect(() => probabilityAlive(PUBLISHED, history(x, lastAt, age))).toThrow(RangeError);
  });

  it('adds up equal histories without changing the likelihood', () => {
    const rows = [history(1, 2, 9), history(1, 2, 9), history(0, 0, 9)];
    const compressed = compressHistories([...rows, { ...history(0, 0, 9), weight: 3 }]);
    expect(compressed).toEqual([{ ...history(1, 2, 9), weight: 2 }, { ...history(0, 0, 9), weight: 4 }]);
    const apart = [...rows, ...rows.slice(2), ...rows.slice(2), ...rows.slice(2)].map((row) => ({ ...row, weight: 1 }));
    expect(bgNbdLogLikelihood(PUBLISHED, compressed)).toBeCloseTo(bgNbdLogLikelihood(PUBLISHED, apart), 12);
  });
});

/** One buyer as the model has it: exponential gaps at their own rate, a coin for dropout after every repeat. */
function simulate(uniform: UniformSource, { r, alpha, a, b }: BgNbdParams, age: number) {
  const rate = sampleGamma(uniform, r, alpha);
  const dropout = sampleBeta(uniform, a, b);
  let repeats = 0;
  let lastAt = 0;
  for (;;) {
    const next = lastAt + sampleExponential(uniform, rate);
    if (!(next <= age)) return history(repeats, lastAt, age);
    repeats += 1;
    lastAt = next;
    if (uniform() < dropout) return history(repeats, lastAt, age);
  }
}

describe('fit', () => {
  it.each([
    [{ r: 0.55, alpha: 10, a: 0.8, b: 2.5 }, 52, 1],
    [{ r: 1.6, alpha: 6, a: 1.4, b: 5 }, 40, 2],
    [{ r: 0.3, alpha: 30, a: 0.5, b: 1.5 }, 365, 3],
  ])('recovers %j from 6,000 simulated buyers', (truth, span, seed) => {
    const uniform = seededUniform(seed);
    const rows: WeightedHistory[] = compressHistories(
      Array.from({ length: 6_000 }, () => simulate(uniform, truth, span * (0.5 + 0.5 * uniform()))),
    );
    const fit = fitBgNbd(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(relative(fit.params.r, truth.r)).toBeLessThan(0.1);
    expect(relative(fit.params.alpha, truth.alpha)).toBeLessThan(0.12);
    expect(relative(fit.params.a, truth.a)).toBeLessThan(0.25);
    expect(relative(fit.params.b, truth.b)).toBeLessThan(0.3);
    const dropout = ({ a, b }: BgNbdParams): number => a / (a + b);
    expect(relative(dropout(fit.params), dropout(truth))).toBeLessThan(0.06);
    // Wilks: twice the gain over the truth is chi-square with 4 degrees of freedom, above 18.5 once in 1,000.
    const gain = 2 * (fit.logLikelihood - bgNbdLogLikelihood(truth, rows));
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThan(18.5);
  });

  it('does not depend on the unit of time', () => {
    const uniform = seededUniform(5);
    const weeks = Array.from({ length: 800 }, () => ({ ...simulate(uniform, PUBLISHED, 39), weight: 1 }));
    const days = weeks.map((row) => ({ ...row, lastAt: 7 * row.lastAt, age: 7 * row.age }));
    const [inWeeks, inDays] = [fitBgNbd(weeks), fitBgNbd(days)];
    if (!inWeeks.fitted || !inDays.fitted) throw new Error('no fit');
    expect(inDays.params.alpha / inWeeks.params.alpha).toBeCloseTo(7, 2);
    expect(inDays.params.a).toBeCloseTo(inWeeks.params.a, 2);
  });

  it('says why it does not fit', () => {
    const one = [{ ...history(1, 2, 9), weight: 29 }];
    expect(fitBgNbd(one)).toMatchObject({ fitted: false, reason: 'too_few_observations', observations: 29 });
    expect(fitBgNbd([{ ...history(0, 0, 9), weight: 900 }])).toMatchObject({ fitted: false, reason: 'no_variation' });
    expect(fitBgNbd([{ ...history(3, 9, 9), weight: 900 }])).toMatchObject({ fitted: false, reason: 'at_bound' });
    expect(() => fitBgNbd([{ ...history(1, 2, 9), weight: -1 }])).toThrow(RangeError);
  });
});
