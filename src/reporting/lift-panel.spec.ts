import { EMPTY_ARM, liftOf, type LiftArm } from './lift-panel.js';

// Hillstrom 2008, Men's mail against none: conversion 267 of 21,307 and 122 of 21,306.
const mens: LiftArm = { users: 21_307, converted: 267, total: 30_311.7, squares: 6_712_860 };
const none: LiftArm = { users: 21_306, converted: 122, total: 13_908.33, squares: 2_980_000 };

describe('the lift panel', () => {
  it('gives the published difference, interval and sequence of Hillstrom’s men’s mail', () => {
    const { conversionRate, sampleRatioMismatchP, users } = liftOf(mens, none, 0.5, true);
    expect(users).toEqual({ treated: 21_307, control: 21_306 });
    expect(conversionRate.treated).toBeCloseTo(0.0125311, 6);
    expect(conversionRate.control).toBeCloseTo(0.0057261, 6);
    expect(conversionRate.absolute).toBeCloseTo(0.006805, 6);
    expect(conversionRate.relative).toBeCloseTo(1.188, 3);
    expect(conversionRate.ci95![0]).toBeCloseTo(0.0050143, 6);
    expect(conversionRate.ci95![1]).toBeCloseTo(0.0086407, 6);
    expect(conversionRate.sequence![0]).toBeCloseTo(0.006805 - 0.0029656, 5);
    expect(sampleRatioMismatchP).toBeCloseTo(0.996, 3);
  });

  it('takes those who spent nothing as zeros of the mean', () => {
    const one: LiftArm = { users: 4, converted: 1, total: 8, squares: 64 };
    const zero: LiftArm = { users: 4, converted: 2, total: 4, squares: 8 };
    const { revenuePerUser } = liftOf(one, zero, 0.5, true);
    expect(revenuePerUser).toMatchObject({ treated: 2, control: 1, absolute: 1, relative: 1, sequence: null });
    // Welch: variances 16 and 4/3, standard error √(4 + 1/3), 3.497 degrees, between t(3) = 3.182 and t(4) = 2.776.
    expect((revenuePerUser.ci95![1] - revenuePerUser.ci95![0]) / 2).toBeCloseTo(2.94 * Math.sqrt(4 + 1 / 3), 1);
  });

  it('says null, never NaN, where there is no data', () => {
    const single: LiftArm = { users: 1, converted: 1, total: 5, squares: 25 };
    for (const [treated, control] of [[EMPTY_ARM, EMPTY_ARM], [mens, EMPTY_ARM], [EMPTY_ARM, none], [single, single], [mens, single], [{ ...mens, converted: 0, total: 0, squares: 0 }, none]] as const) {
      for (const measured of [true, false]) {
        for (const holdout of [0, 0.1, 1]) {
          expect(JSON.stringify(liftOf(treated, control, holdout, measured), (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? 'BAD' : v))).not.toContain('BAD');
        }
      }
    }
    expect(liftOf(EMPTY_ARM, EMPTY_ARM, 0.1, true).conversionRate).toEqual(
      { treated: null, control: null, absolute: null, relative: null, ci95: null, pValue: null, sequence: null });
    expect(liftOf(mens, none, 0, true).sampleRatioMismatchP).toBeNull();
  });

  it('shows no sequence below 100 conversions in an arm, and flags arms that cannot be of the planned shares', () => {
    expect(liftOf({ ...mens, converted: 99 }, none, 0.5, true).conversionRate.sequence).toBeNull();
    expect(liftOf(mens, none, 0.1, true).sampleRatioMismatchP).toBeLessThan(0.001);
  });
});
