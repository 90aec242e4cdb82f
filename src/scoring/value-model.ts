/** BG/NBD and Gamma-Gamma put together into a buyer's value in the coming 90 days. Pure; times in days outside, weeks within. */
import { conditionalExpectedPurchases, probabilityAlive, type BgNbdParams } from './bg-nbd.js';
import { fitBgNbd } from './bg-nbd-fit.js';
import { refuseFit, totalWeight, type FitResult } from './fit.js';
import { conditionalMeanSpend, fitGammaGamma, type GammaGammaParams } from './gamma-gamma.js';

export const HORIZON_DAYS = 90;

/** Fewer repeat buyers than this do not tell a rate of coming back from chance; the value scores are then null. */
export const MINIMUM_REPEAT_BUYERS = 100;

const DAYS_PER_WEEK = 7;

/** Purchases are days with a purchase: the model knows one a day. Times in days. */
export interface DayHistory {
  readonly repeats: number;
  readonly lastAt: number;
  readonly age: number;
}

export interface ValueModel {
  readonly purchases: FitResult<BgNbdParams>;
  /** Refused as well where spend and frequency correlate; the other two scores stand without it. */
  readonly spend: FitResult<GammaGammaParams>;
}

export interface ValueScores {
  readonly alive: number;
  readonly purchases: number;
  readonly value: number | null;
}

export function fitValueModel(
  histories: readonly (DayHistory & { readonly weight: number })[],
  spends: readonly { readonly purchases: number; readonly meanSpend: number; readonly weight: number }[],
): ValueModel {
  const returned = totalWeight(histories.filter((row) => row.repeats > 0));
  if (returned < MINIMUM_REPEAT_BUYERS) {
    const refusal = refuseFit('too_few_observations', returned, `${returned} repeat buyers, ${MINIMUM_REPEAT_BUYERS} needed`);
    return { purchases: refusal, spend: refusal };
  }
  const weeks = histories.map((row) => ({ ...inWeeks(row), weight: row.weight }));
  return { purchases: fitBgNbd(weeks), spend: fitGammaGamma(spends) };
}

function inWeeks({ repeats, lastAt, age }: DayHistory): DayHistory {
  return { repeats, lastAt: lastAt / DAYS_PER_WEEK, age: age / DAYS_PER_WEEK };
}

/** What the models say of each history; equal histories are computed once. Null where the purchase model was refused. */
export function valueScorer({ purchases, spend }: ValueModel): ((history: DayHistory & { meanSpend: number }) => ValueScores) | null {
  if (!purchases.fitted) return null;
  const known = new Map<string, { alive: number; purchases: number }>();
  return (history) => {
    const key = `${history.repeats}|${history.lastAt}|${history.age}`;
    const common = known.get(key) ?? forecast(purchases.params, history);
    known.set(key, common);
    // A buyer whose repeat days were refunds on balance says nothing about spend: the population's mean is theirs.
    const told = history.meanSpend > 0 ? history.repeats : 0;
    const mean = spend.fitted ? conditionalMeanSpend(spend.params, { purchases: told, meanSpend: told > 0 ? history.meanSpend : 0 }) : null;
    return { ...common, value: mean === null ? null : mean * common.purchases };
  };
}

function forecast(params: BgNbdParams, history: DayHistory): { alive: number; purchases: number } {
  const weeks = inWeeks(history);
  return {
    alive: probabilityAlive(params, weeks),
    purchases: conditionalExpectedPurchases(params, weeks, HORIZON_DAYS / DAYS_PER_WEEK),
  };
}
