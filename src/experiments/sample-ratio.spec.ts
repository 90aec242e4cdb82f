import { logSampleRatioBayesFactor, sampleRatio, sequentialSampleRatioP } from './sample-ratio.js';

const HILLSTROM = [21_306, 21_307, 21_387];

describe('sample ratio', () => {
  it('reproduces Hillstrom and 500 against 600', () => {
    expect(sampleRatio(HILLSTROM, [1, 1, 1]).chiSquare).toBeCloseTo(0.20253125, 12);
    expect(sampleRatio(HILLSTROM, [1, 1, 1]).pValue).toBeCloseTo(0.9036929575604196, 12);
    expect(sampleRatio([500, 600], [50, 50]).pValue).toBeCloseTo(0.0025688315270227116, 13);
  });

  it.each([
    [[500, 500], [1, 1], 10_000, 0.9534604223016739],
    [[100, 900], [1, 1], 10_000, 4223151752822.52],
    [[500, 600], [1, 1], 10_000, 1.4893125594415528],
    [[500, 600], [1, 1], 100, 18.732200047902793],
    [HILLSTROM, [1, 1, 1], 10_000, 0.1474912401077015],
  ])('gives the Bayes factor of %j by %j at concentration %d', (counts, weights, concentration, expected) => {
    expect(Math.exp(logSampleRatioBayesFactor(counts, weights, concentration)) / expected).toBeCloseTo(1, 9);
  });

  it('never raises the sequential p again, and starts at 1', () => {
    expect(sequentialSampleRatioP(1, [0, 0], [1, 1])).toBe(1);
    const alarmed = sequentialSampleRatioP(1, [100, 900], [1, 1]);
    expect(alarmed).toBeLessThan(1e-9);
    expect(sequentialSampleRatioP(alarmed, [5_000, 5_000], [1, 1])).toBe(alarmed);
  });

  it('is certain of a mismatch when users sit in an arm of weight 0, and silent when nothing can mismatch', () => {
    expect(sampleRatio([90, 1], [1, 0])).toEqual({ chiSquare: Infinity, pValue: 0 });
    expect(sequentialSampleRatioP(1, [90, 1], [1, 0])).toBe(0);
    expect(sampleRatio([90, 0], [1, 0]).pValue).toBe(1);
    expect(sampleRatio([0, 0], [1, 1]).pValue).toBe(1);
    expect(() => sampleRatio([1, 2], [1])).toThrow(RangeError);
  });
});
