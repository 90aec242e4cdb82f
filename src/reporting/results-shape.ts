import { winProbability, type RateArm } from '../experiments/index.js';
import { seededUniform } from '../scoring/math/index.js';
import { ratio } from './lift-panel.js';

export interface OutcomeCount {
  readonly variant: number;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly count: string;
  readonly resent: string;
}

export interface FactCount {
  readonly variant: number;
  readonly delivered: string;
  readonly opened: string;
  readonly clicked: string;
  readonly unsubscribed: string;
}

export interface ConversionSum {
  readonly variant: number;
  readonly currency: string | null;
  readonly converted: string;
  readonly conversions: string;
  readonly revenue: string;
  readonly allCurrencies: boolean;
}

export const OUTCOMES = ['queued', 'sending', 'sent', 'failed', 'unknown', 'deferred', 'suppressed', 'held_out'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Messages; `audience` are the rows decided so far, and always the sum of holdout, states and suppressed reasons. */
export interface Counts {
  audience: number;
  holdout: number;
  queued: number;
  sending: number;
  sent: number;
  delivered: number;
  failed: number;
  unknown: number;
  /** Of all of these: sent again after a request with unknown outcome, so that they may have arrived more than once. */
  resent: number;
  deferred: number;
  suppressed: { reason: string; count: number }[];
  opened: number;
  clicked: number;
  unsubscribed: number;
  /** Messages with at least one credited conversion. */
  converted: number;
  conversions: number;
  /** In the settings' currency; all currencies stand in revenueByCurrency. */
  revenue: number;
  revenueByCurrency: Record<string, number>;
  cost: number;
  rates: Rates;
}

/** Over `sent`; null while nothing was sent. */
export interface Rates {
  deliveryRate: number | null;
  openRate: number | null;
  clickRate: number | null;
  unsubscribeRate: number | null;
  conversionRate: number | null;
  revenuePerMessage: number | null;
}

export interface Sums {
  readonly outcomes: readonly OutcomeCount[];
  readonly facts: readonly FactCount[];
  readonly conversions: readonly ConversionSum[];
}

/** One row of counts out of the grouped sums, of all variants or of one. */
export function countsOf(sums: Sums, currency: string, messageCost: number, variant?: number): Counts {
  const mine = <T extends { variant: number }>(rows: readonly T[]): T[] => rows.filter((row) => variant === undefined || row.variant === variant);
  const outcomes = mine(sums.outcomes);
  const of = (outcome: Outcome): number => total(outcomes.filter((row) => row.outcome === outcome), (row) => row.count);
  const facts = mine(sums.facts);
  const conversions = mine(sums.conversions);
  const all = conversions.filter((row) => row.allCurrencies);
  const revenueByCurrency = byCurrency(conversions);
  const sent = of('sent');
  const counts = {
    audience: total(outcomes, (row) => row.count),
    holdout: of('held_out'), queued: of('queued'), sending: of('sending'), sent, delivered: total(facts, (row) => row.delivered),
    failed: of('failed'), unknown: of('unknown'), resent: total(outcomes, (row) => row.resent), deferred: of('deferred'), suppressed: reasonsOf(outcomes),
    opened: total(facts, (row) => row.opened), clicked: total(facts, (row) => row.clicked), unsubscribed: total(facts, (row) => row.unsubscribed),
    converted: total(all, (row) => row.converted), conversions: total(all, (row) => row.conversions),
    revenue: revenueByCurrency[currency] ?? 0, revenueByCurrency, cost: money(sent * messageCost),
  };
  return { ...counts, rates: ratesOf(counts) };
}

export function ratesOf(counts: Pick<Counts, 'sent' | 'delivered' | 'opened' | 'clicked' | 'unsubscribed' | 'converted' | 'revenue'>): Rates {
  const { sent } = counts;
  return {
    deliveryRate: ratio(counts.delivered, sent), openRate: ratio(counts.opened, sent), clickRate: ratio(counts.clicked, sent),
    unsubscribeRate: ratio(counts.unsubscribed, sent), conversionRate: ratio(counts.converted, sent), revenuePerMessage: ratio(counts.revenue, sent),
  };
}

/** What a variant is judged by: conversions where the campaign has a goal, else opens, of mail clicks (opens of mail are unreliable). */
export function successOf(counts: Counts, channel: 'push' | 'email', hasGoal: boolean): number {
  if (hasGoal) return counts.converted;
  return channel === 'push' ? counts.opened : counts.clicked;
}

/** Chance of each variant to be the best; null for all until something was sent. */
export function winProbabilities(arms: readonly { sent: number; successes: number }[]): (number | null)[] {
  if (arms.every((arm) => arm.sent === 0)) return arms.map(() => null);
  // A message in doubt may have been opened and not yet be counted as sent.
  const rates: RateArm[] = arms.map(({ sent, successes }) => ({ trials: Math.max(sent, successes), successes }));
  // Seeded by the counts, so that the same counts show the same chances.
  const seed = rates.reduce((hash, { trials, successes }) => (Math.imul(hash, 31) + trials * 7 + successes) | 0, 17);
  return winProbability(rates, seededUniform(seed));
}

function reasonsOf(outcomes: readonly OutcomeCount[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of outcomes) {
    if (row.outcome === 'suppressed') counts.set(row.reason ?? '', (counts.get(row.reason ?? '') ?? 0) + Number(row.count));
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

function byCurrency(conversions: readonly ConversionSum[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const row of conversions) {
    if (!row.allCurrencies && row.currency !== null) sums.set(row.currency, (sums.get(row.currency) ?? 0) + Number(row.revenue));
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sum]) => [currency, money(sum)]));
}

/** Sums of decimals leave binary dust; amounts have four decimals at most in every currency. */
function money(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}

function total<T>(rows: readonly T[], value: (row: T) => string): number {
  return rows.reduce((sum, row) => sum + Number(value(row)), 0);
}
