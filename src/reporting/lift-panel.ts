import {
  asymptoticHalfWidth, holdoutBuckets, meanDifference, MINIMUM_CONVERSIONS, rateAsMean, rateDifference, rateDifferenceSequence, relativeLift,
  sampleRatio, BUCKETS, type Interval, type MeanArm,
} from '../experiments/index.js';

/** People of one arm; money in the settings' currency. */
export interface LiftArm {
  readonly users: number;
  readonly converted: number;
  readonly total: number;
  /** Sum of squares of what each person spent. */
  readonly squares: number;
}

/** A difference between the arms. Everything is null as far as there is no data for it. */
export interface LiftFigure {
  readonly treated: number | null;
  readonly control: number | null;
  /** treated − control, with its interval and two-sided p. */
  readonly absolute: number | null;
  /** treated/control − 1. */
  readonly relative: number | null;
  readonly ci95: Interval | null;
  readonly pValue: number | null;
  /** Interval that stays valid however often it is looked at; from 100 conversions an arm on. */
  readonly sequence: Interval | null;
}

export interface Lift {
  readonly users: { readonly treated: number; readonly control: number };
  readonly converted: { readonly treated: number; readonly control: number };
  readonly conversionRate: LiftFigure;
  readonly revenuePerUser: LiftFigure;
  /** Chance of arms as unequal as these if the assignment works; below .001 no lift is readable. */
  readonly sampleRatioMismatchP: number | null;
}

export const EMPTY_ARM: LiftArm = { users: 0, converted: 0, total: 0, squares: 0 };

/**
 * What the campaign changed, from its holdout (intention to treat). Formulas and their sources: src/experiments.
 * @param holdout the share held out, 0 to 1
 * @param measured false where the campaign names no conversion: then only the sizes of the arms are known
 */
export function liftOf(treated: LiftArm, control: LiftArm, holdout: number, measured: boolean): Lift {
  return {
    users: { treated: treated.users, control: control.users },
    converted: { treated: treated.converted, control: control.converted },
    conversionRate: measured ? rateFigure(treated, control) : NOTHING,
    revenuePerUser: measured ? meanFigure(treated, control) : NOTHING,
    sampleRatioMismatchP: mismatch(treated.users, control.users, holdout),
  };
}

const NOTHING: LiftFigure = { treated: null, control: null, absolute: null, relative: null, ci95: null, pValue: null, sequence: null };

function rateFigure(treated: LiftArm, control: LiftArm): LiftFigure {
  const one = { trials: treated.users, successes: treated.converted };
  const zero = { trials: control.users, successes: control.converted };
  const difference = rateDifference(one, zero);
  return {
    treated: ratio(treated.converted, treated.users), control: ratio(control.converted, control.users),
    absolute: difference?.absolute ?? null, ci95: difference?.interval ?? null, pValue: difference?.pValue ?? null,
    relative: difference ? (relativeLift(rateAsMean(one), rateAsMean(zero))?.relative ?? null) : null,
    sequence: rateDifferenceSequence(one, zero),
  };
}

function meanFigure(treated: LiftArm, control: LiftArm): LiftFigure {
  const [one, zero] = [meanArm(treated), meanArm(control)];
  const difference = meanDifference(one, zero);
  const enough = difference !== null && Math.min(treated.converted, control.converted) >= MINIMUM_CONVERSIONS;
  const half = enough ? asymptoticHalfWidth(one.n + zero.n, difference.standardError ** 2) : 0;
  return {
    treated: ratio(treated.total, treated.users), control: ratio(control.total, control.users),
    absolute: difference?.absolute ?? null, ci95: difference?.interval ?? null, pValue: difference?.pValue ?? null,
    relative: difference ? (relativeLift(one, zero)?.relative ?? null) : null,
    sequence: enough ? [difference.absolute - half, difference.absolute + half] : null,
  };
}

/** Those who spent nothing are zeros of the mean, not absent from it. */
function meanArm({ users, total, squares }: LiftArm): MeanArm {
  const mean = users > 0 ? total / users : 0;
  // Rounding may leave a difference of equal sums a hair below 0.
  const variance = users > 1 ? Math.max(0, squares - users * mean ** 2) / (users - 1) : 0;
  return { n: users, mean, variance };
}

function mismatch(treated: number, control: number, holdout: number): number | null {
  const held = holdoutBuckets(holdout);
  if (held === 0 || held === BUCKETS || treated + control === 0) return null;
  return sampleRatio([treated, control], [BUCKETS - held, held]).pValue;
}

/** @returns null where nothing is divided by. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
