/**
 * Worth: whether a message is worth what it costs in patience. Pure; it stands in scoring because every term but the two prices is a
 * score, and the gate that asks it (planning) reads it as fatigue reads a cap: the SQL of the decision is held to it by a test.
 * Source: Schmit & Johari 2018, Learning with Abandonment (send while the reward exceeds hazard · continuation value); Fader & Hardie
 * 2007 and 2010 for hazard and residual lifetime; Zhao et al. 2018 (KDD) for pricing the opt-out in the value of later messages.
 */
import { discountedResidualMessages, optOutHazard, type OptOutParams } from './opt-out-hazard.js';
import type { BetaPrior } from './shrinkage.js';

/** What is known of the people whom a person is shrunk towards: a segment's on a channel, else the whole channel's. */
export interface WorthCell {
  readonly optOut: OptOutParams;
  /** Opens a message (in mail: opens or clicks). */
  readonly openRate: BetaPrior;
  /** Messages credited with a conversion; raw, not incremental. */
  readonly conversionRate: BetaPrior;
}

/** What a message of the campaign is worth to the sender, in the settings' currency. */
export interface WorthPrices {
  /** Share of a raw conversion that would not have happened without the message, ≥ 0. */
  readonly incrementality: number;
  /** Mean value of the campaign's conversion. */
  readonly value: number;
  /** Share of a conversion's value that is profit. */
  readonly margin: number;
  /** What an open is worth beside the conversion it may lead to. */
  readonly openValue: number;
  /** Of one message. */
  readonly cost: number;
  /**
   * What V is made of: the share and the mean value of all messages of the channel. An opt-out ends those, not this campaign's alone; a
   * newsletter must not be cheap because it sells little.
   */
  readonly channel: { readonly incrementality: number; readonly value: number };
}

/** What the person did with the messages of the channel so far, and the value of their own conversions where it is known. */
export interface Heard {
  readonly messages: number;
  readonly opens: number;
  readonly conversions: number;
  readonly ownValue: number | null;
}

export interface WorthTerms {
  /** Posterior mean of the person's raw conversion rate a message. */
  readonly conversionRate: number;
  readonly openRate: number;
  readonly value: number;
  /** Δp_conversion · margin · value. */
  readonly conversionGain: number;
  /** Δp_open · w: without the message there is nothing to open, so the open rate is the increment. */
  readonly openGain: number;
  /** h: P(opt-out at this message). */
  readonly hazard: number;
  /** V: what still being heard is worth. */
  readonly keepValue: number;
  readonly cost: number;
  /** conversionGain + openGain − hazard · keepValue − cost; the message is sent while it is positive. */
  readonly netWorth: number;
}

/** Beyond so many messages the curves are flat: everybody is taken as having had this many. */
export const LAST_ORDINAL = 200;
/** Discount of a later message against this one: 2 % each, so that the fiftieth from now counts 0.37. */
export const MESSAGE_DISCOUNT = 0.02;
/**
 * The value of a person's conversion moves gain and V alike (science: value alone does not mean more messages; gain over hazard decides);
 * beyond these bounds one lucky purchase would set the price of everything.
 */
export const VALUE_SCALE = { least: 0.25, most: 4 } as const;

/** Hazard and residual lifetime by messages survived, 0 to LAST_ORDINAL. */
export interface PatienceCurve {
  readonly hazards: readonly number[];
  /** Σ_{k≥0} S(n+1+k)/S(n) · (1+d)^−k, in messages. */
  readonly lifetimes: readonly number[];
}

/** By L(n) = S(n+1)/S(n) · (1 + L(n+1)/(1+d)) from the closed form at the last ordinal backwards. */
export function patienceCurve(params: OptOutParams): PatienceCurve {
  const hazards = Array.from({ length: LAST_ORDINAL + 1 }, (_, n) => optOutHazard(params, n));
  const lifetimes = new Array<number>(LAST_ORDINAL + 1);
  lifetimes[LAST_ORDINAL] = discountedResidualMessages(params, LAST_ORDINAL, MESSAGE_DISCOUNT);
  for (let n = LAST_ORDINAL - 1; n >= 0; n--) lifetimes[n] = (1 - hazards[n]!) * (1 + lifetimes[n + 1]! / (1 + MESSAGE_DISCOUNT));
  return { hazards, lifetimes };
}

/** Mean gain of any message of the channel among the people of the cell: what each message that is still heard is expected to bring; never below 0. */
export function meanGain({ openRate, conversionRate }: WorthCell, { channel, margin, openValue, cost }: WorthPrices): number {
  const of = ({ alpha, beta }: BetaPrior): number => alpha / (alpha + beta);
  return Math.max(0, of(conversionRate) * channel.incrementality * margin * channel.value + of(openRate) * openValue - cost);
}

/** The terms of one person's next message. @param curve of the cell's own opt-out parameters */
export function worthOf(cell: WorthCell, prices: WorthPrices, heard: Heard, curve: PatienceCurve = patienceCurve(cell.optOut)): WorthTerms {
  const ordinal = Math.min(heard.messages, LAST_ORDINAL);
  const posterior = ({ alpha, beta }: BetaPrior, successes: number): number => (alpha + successes) / (alpha + beta + heard.messages);
  const conversionRate = posterior(cell.conversionRate, heard.conversions);
  const openRate = posterior(cell.openRate, heard.opens);
  const scale = heard.ownValue === null || prices.value <= 0 ? 1
    : Math.min(VALUE_SCALE.most, Math.max(VALUE_SCALE.least, heard.ownValue / prices.value));
  const value = prices.value * scale;
  const conversionGain = conversionRate * prices.incrementality * prices.margin * value;
  const openGain = openRate * prices.openValue;
  const hazard = curve.hazards[ordinal]!;
  const keepValue = meanGain(cell, prices) * scale * curve.lifetimes[ordinal]!;
  const netWorth = conversionGain + openGain - hazard * keepValue - prices.cost;
  return { conversionRate, openRate, value, conversionGain, openGain, hazard, keepValue, cost: prices.cost, netWorth };
}
