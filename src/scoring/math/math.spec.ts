import {
  chiSquareTail, hypergeometric2F1, incompleteBeta, logAddExp, logBeta, logChoose, logGamma, logRisingFactorial, logSumExp,
  maximiseOverPositive, nelderMead, normalCdf, normalQuantile, normalTail, sampleBeta, sampleExponential, sampleGamma,
  seededUniform, studentCriticalValue, studentTwoSidedP, upperIncompleteGamma,
} from './index.js';

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describe('gamma and beta', () => {
  it.each([
    [0.001, 6.907178885383853], [0.5, 0.5723649429247001], [3, Math.log(2)], [11, Math.log(3_628_800)],
    [100, 359.1342053695754], [1e6, 12_815_504.569147611],
  ])('lnΓ(%d)', (x, expected) => expect(relative(logGamma(x), expected)).toBeLessThan(1e-13));

  it('is 0 at 1 and 2, and refuses what is outside its domain', () => {
    expect(Math.abs(logGamma(1))).toBeLessThan(1e-14);
    expect(Math.abs(logGamma(2))).toBeLessThan(1e-14);
    for (const x of [0, -1.5, Infinity, Number.NaN]) expect(() => logGamma(x)).toThrow(RangeError);
    expect(() => logBeta(1, 0)).toThrow(RangeError);
  });

  it('keeps B(1, n) = 1/n and B(2, n) = 1/(n(n+1)) where the logarithms of gamma would cancel', () => {
    for (const n of [3, 9.5, 10, 1e3, 1e6, 1e9]) {
      expect(Math.abs(logBeta(1, n) + Math.log(n))).toBeLessThan(1e-13);
      expect(Math.abs(logBeta(n, 2) + Math.log(n) + Math.log(n + 1))).toBeLessThan(1e-13);
    }
    // both large: ln B(a+1, b) − ln B(a, b) = ln(a/(a+b))
    expect(Math.abs(logBeta(1_001, 3_000) - logBeta(1_000, 3_000) - Math.log(0.25))).toBeLessThan(1e-11);
  });

  it('counts choices and rising factorials', () => {
    expect(logChoose(5, 2)).toBeCloseTo(Math.log(10), 13);
    expect(logChoose(7, 0)).toBe(0);
    expect(logRisingFactorial(0.25, 3)).toBeCloseTo(Math.log(0.25 * 1.25 * 2.25), 13);
    expect(logRisingFactorial(4, 0)).toBe(0);
  });
});

describe('series', () => {
  it('gives closed forms of 2F1 over the whole range', () => {
    for (const z of [0, 0.1, 0.5, 0.95, 0.999]) {
      expect(relative(hypergeometric2F1(0.7, 2, 2, z), (1 - z) ** -0.7)).toBeLessThan(1e-12);
      if (z > 0) expect(relative(hypergeometric2F1(1, 1, 2, z), -Math.log1p(-z) / z)).toBeLessThan(1e-12);
    }
    expect(hypergeometric2F1(-2, 3, 1, 0.5)).toBeCloseTo(1 - 3 + 6 * 0.25, 14);
    expect(() => hypergeometric2F1(1, 1, 2, 1)).toThrow(RangeError);
  });

  it('adds on the log scale without overflow and with missing terms', () => {
    expect(logAddExp(1_000, 1_000)).toBeCloseTo(1_000 + Math.LN2, 12);
    expect(logAddExp(-Infinity, -3)).toBe(-3);
    expect(logSumExp([-Infinity, 0, 0, 0])).toBeCloseTo(Math.log(3), 14);
    expect(logSumExp([])).toBe(-Infinity);
  });
});

describe('distributions', () => {
  it.each([[0, 0.5], [1.959963984540054, 0.025], [5, 2.866515718791945e-7], [10, 7.619853024160593e-24], [38, 2.8854283e-316]])(
    'normal tail at %d', (z, expected) => {
      expect(relative(normalTail(z), expected)).toBeLessThan(z > 30 ? 1e-6 : 1e-12);
      expect(normalCdf(-z)).toBe(normalTail(z));
    });

  it('inverts the normal', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
    for (const p of [1e-12, 0.001, 0.3, 0.5, 0.9, 0.999999]) expect(relative(normalCdf(normalQuantile(p)), p)).toBeLessThan(1e-12);
    expect(() => normalQuantile(1)).toThrow(RangeError);
  });

  it('gives chi-square and the incomplete functions their closed forms', () => {
    for (const x of [0, 0.3, 3, 40]) expect(relative(chiSquareTail(x, 2), Math.exp(-x / 2))).toBeLessThan(1e-13);
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 13);
    expect(upperIncompleteGamma(3, 2)).toBeCloseTo(Math.exp(-2) * (1 + 2 + 2), 14);
    for (const x of [0, 0.2, 0.7, 1]) {
      expect(incompleteBeta(3, 1, x)).toBeCloseTo(x ** 3, 14);
      expect(incompleteBeta(2, 3, x)).toBeCloseTo(1 - incompleteBeta(3, 2, 1 - x), 14);
    }
  });

  it('gives Student\'s t its tables', () => {
    expect(studentTwoSidedP(1, 1)).toBeCloseTo(0.5, 14);
    expect(studentCriticalValue(0.05, 1)).toBeCloseTo(12.706204736174694, 9);
    expect(studentCriticalValue(0.05, 10)).toBeCloseTo(2.2281388519862748, 11);
    expect(studentCriticalValue(0.01, 2.5)).toBeGreaterThan(studentCriticalValue(0.01, 3));
    expect(studentCriticalValue(0.05, 1e7)).toBeCloseTo(normalQuantile(0.975), 6);
  });
});

describe('optimiser', () => {
  it('finds the bottom of Rosenbrock\'s valley', () => {
    const minimum = nelderMead(([x = 0, y = 0]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-1.2, 1]);
    expect(minimum.converged).toBe(true);
    expect(minimum.point[0]).toBeCloseTo(1, 4);
    expect(minimum.point[1]).toBeCloseTo(1, 4);
  });

  it('walks around places where the objective does not exist', () => {
    expect(nelderMead(([x = 0]) => (x < 0 ? Number.NaN : (x - 0.1) ** 2), [5]).point[0]).toBeCloseTo(0.1, 4);
  });

  it('says when its budget ended the search', () => {
    expect(nelderMead(([x = 0, y = 0]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-1.2, 1], 30).converged).toBe(false);
  });

  it('says when a likelihood has no maximum', () => {
    expect(maximiseOverPositive(([x = 1]) => -1 / x, [1]).atBound).toBe(true);
    expect(maximiseOverPositive(([x = 1]) => 3 * Math.log(x) - x, [1]).parameters[0]).toBeCloseTo(3, 4);
  });
});

describe('samplers', () => {
  const mean = (draw: () => number, count = 40_000): number => Array.from({ length: count }, draw).reduce((a, b) => a + b) / count;

  it('repeats under a seed and differs under another', () => {
    const first = Array.from({ length: 5 }, seededUniform(1));
    expect(Array.from({ length: 5 }, seededUniform(1))).toEqual(first);
    expect(Array.from({ length: 5 }, seededUniform(2))).not.toEqual(first);
  });

  it('has the means of its distributions', () => {
    const uniform = seededUniform(9);
    expect(mean(uniform)).toBeCloseTo(0.5, 1.9);
    expect(mean(() => sampleExponential(uniform, 4))).toBeCloseTo(0.25, 1.9);
    expect(mean(() => sampleGamma(uniform, 0.3, 2))).toBeCloseTo(0.15, 1.9);
    expect(mean(() => sampleGamma(uniform, 7, 2))).toBeCloseTo(3.5, 1);
    expect(mean(() => sampleBeta(uniform, 0.8, 2.4))).toBeCloseTo(0.25, 1.9);
  });
});
