import { seededUniform } from '../scoring/math/index.js';
import { probabilityBeats, winProbability } from './thompson.js';

const arm = (successes: number, trials: number) => ({ successes, trials });
const unused = (): number => {
  throw new Error('two arms need no random numbers');
};

describe('probability that a variant is the best', () => {
  it('reproduces the published values', () => {
    expect(probabilityBeats(arm(5, 10), arm(3, 10))).toBeCloseTo(0.8065015, 7);
    expect(probabilityBeats(arm(267, 21_307), arm(189, 21_387))).toBeCloseTo(0.9998991, 7);
    expect(probabilityBeats(arm(189, 21_387), arm(122, 21_306))).toBeCloseTo(0.9999238, 7);
  });

  it('gives the same by each of its four sums', () => {
    // smallest count in turn: successes of the better, failures of the better, successes of the other, failures of the other
    for (const [better, other] of [[arm(2, 40), arm(9, 30)], [arm(38, 40), arm(20, 30)], [arm(9, 30), arm(2, 40)], [arm(20, 30), arm(38, 40)]] as const) {
      const beats = probabilityBeats(better, other);
      expect(beats + probabilityBeats(other, better)).toBeCloseTo(1, 12);
      const failures = (a: typeof better) => arm(a.trials - a.successes, a.trials);
      expect(probabilityBeats(failures(other), failures(better))).toBeCloseTo(beats, 12);
      expect(winProbability([better, other, arm(0, 100_000)], seededUniform(1), 40_000)[0]).toBeCloseTo(beats, 1.9);
    }
  });

  it('is a coin before any data and needs no random number for two arms', () => {
    for (const share of winProbability([arm(0, 0), arm(0, 0)], unused)) expect(share).toBeCloseTo(0.5, 14);
    expect(winProbability([arm(3, 9)], unused)).toEqual([1]);
    expect(winProbability([], unused)).toEqual([]);
  });

  it('shares 1 among several arms, equally when they are alike, and repeats under the same seed', () => {
    const arms = [arm(30, 300), arm(30, 300), arm(30, 300), arm(30, 300)];
    const shares = winProbability(arms, seededUniform(3));
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    for (const share of shares) expect(Math.abs(share - 0.25)).toBeLessThan(0.015);
    expect(winProbability(arms, seededUniform(3))).toEqual(shares);
    expect(winProbability([arm(5, 10), arm(3, 10), arm(0, 10_000)], seededUniform(4))[0]).toBeCloseTo(0.8065, 1.9);
  });

  it('stays exact and quick at a million users', () => {
    const shares = winProbability([arm(12_600, 1_000_000), arm(12_500, 1_000_000)], unused);
    // normal approximation: z = 100 / √(12,600·.9874 + 12,500·.9875) = .63552
    expect(shares[0]).toBeCloseTo(0.7375, 3);
  });

  it('refuses what is no count', () => expect(() => probabilityBeats(arm(2, 1), arm(0, 1))).toThrow(RangeError));
});
