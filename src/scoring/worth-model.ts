/** The parameters of worth: fitted by the score refresh on what was sent, opened, left and converted, or stated. Pure. */
import type { Channel, ChannelHistory } from './engagement-priors.js';
import { MINIMUM_OBSERVATIONS } from './fit.js';
import { fitOptOutHazard } from './opt-out-hazard.js';
import { fitBetaBinomial, priorByMoments, type BetaPrior, type RatePrior } from './shrinkage.js';
import type { WorthCell } from './worth.js';

export type WorthLevel = 'segment' | 'channel' | 'stated';

export interface FittedCell extends WorthCell {
  readonly channel: Channel;
  /** Key of the segment; null: everybody on the channel. */
  readonly segment: string | null;
  readonly sources: { readonly optOut: WorthLevel; readonly openRate: WorthLevel; readonly conversionRate: WorthLevel };
}

export interface Incrementality {
  readonly share: number;
  /** `stated`: no holdout has said enough yet. */
  readonly source: 'campaign holdout' | 'channel holdouts' | 'stated';
}

export interface WorthModel {
  readonly cells: readonly FittedCell[];
  readonly channels: Readonly<Record<Channel, Incrementality>>;
  /** Of campaigns whose own holdout has said enough. */
  readonly campaigns: Readonly<Record<string, Incrementality>>;
  /** Mean value by name of the conversion event, in the settings' currency. */
  readonly eventValues: Readonly<Record<string, number>>;
  /** Mean value of a conversion credited to any message of the channel; null: none was. */
  readonly channelValues: Readonly<Record<Channel, number | null>>;
}

/**
 * Where nothing is known: the opt-out and open rates of the engagement scores, one message in 50 followed by a conversion, weighing
 * as much as 50 messages, and 0.4 of those conversions due to the message (science 2.2: a stated prior until a holdout has spoken).
 */
export const STATED_WORTH: WorthCell = {
  optOut: { alpha: 1, beta: 199 }, openRate: { alpha: 1, beta: 9 }, conversionRate: { alpha: 1, beta: 49 },
};
export const STATED_INCREMENTALITY = 0.4;
/** How far the stated share may be off (one standard deviation): between nothing and nearly all of it. */
const STATED_SPREAD = 0.3;
/** A campaign's share differs from its channel's by about this much of it: a newsletter and an offer are worlds apart. */
const CAMPAIGN_SPREAD = 1;
/**
 * A holdout speaks from this many people in each arm and this many conversions in both. What it says is weighed by its variance anyway:
 * the minimum is for the variance to be known, not for the share to be.
 */
export const HOLDOUT_MINIMUM = { control: 50, conversions: 30 } as const;

export const STATED_MODEL: WorthModel = {
  cells: (['push', 'email'] as const).map((channel): FittedCell =>
    ({ ...STATED_WORTH, channel, segment: null, sources: { optOut: 'stated', openRate: 'stated', conversionRate: 'stated' } })),
  channels: { push: { share: STATED_INCREMENTALITY, source: 'stated' }, email: { share: STATED_INCREMENTALITY, source: 'stated' } },
  campaigns: {}, eventValues: {}, channelValues: { push: null, email: null },
};

/** People of a channel with the same history; of a segment: those who were in it at their last message. */
export interface WorthHistory extends Pick<ChannelHistory, 'messages' | 'opens' | 'leftAt' | 'weight'> {
  readonly channel: Channel;
  readonly segment: string | null;
  readonly conversions: number;
}

/** Both arms of a campaign: people, their conversion events within the windows and the sum of the squares, messages that the treated got. */
export interface HoldoutArms {
  readonly campaignId: string;
  readonly channel: Channel;
  readonly messages: number;
  readonly treated: number;
  readonly treatedConversions: number;
  readonly treatedSquares: number;
  readonly control: number;
  readonly controlConversions: number;
  readonly controlSquares: number;
}

export function fitWorthModel(
  histories: readonly WorthHistory[], holdouts: readonly HoldoutArms[], eventValues: Readonly<Record<string, number>>,
  channelValues: WorthModel['channelValues'] = { push: null, email: null },
): WorthModel {
  const segments = [...new Set(histories.map(({ segment }) => segment))].filter((segment) => segment !== null);
  const cells = (['push', 'email'] as const).flatMap((channel) =>
    [null, ...segments].map((segment) => fitCell(channel, segment, histories.filter((row) => row.channel === channel))));
  const of = (channel: Channel): WorthCell => cells.find((cell) => cell.channel === channel && cell.segment === null)!;
  const heard = holdouts.filter((arms) => arms.control >= HOLDOUT_MINIMUM.control && arms.treated >= HOLDOUT_MINIMUM.control
    && arms.treatedConversions + arms.controlConversions >= HOLDOUT_MINIMUM.conversions);
  const channelShare = (channel: Channel): Incrementality =>
    ofChannel(heard.filter((arms) => arms.channel === channel), mean(of(channel).conversionRate));
  const channels = { push: channelShare('push'), email: channelShare('email') };
  const campaigns = Object.fromEntries(heard.map((arms): [string, Incrementality] =>
    [arms.campaignId, ofCampaign(arms, channels[arms.channel], mean(of(arms.channel).conversionRate))]));
  return { cells, channels, campaigns, eventValues, channelValues };
}

function fitCell(channel: Channel, segment: string | null, rows: readonly WorthHistory[]): FittedCell {
  const levels: Level[] = [{ level: 'channel', rows: rows.filter((row) => row.segment === null) }];
  if (segment !== null) levels.push({ level: 'segment', rows: rows.filter((row) => row.segment === segment) });
  const rate = (stated: BetaPrior, successes: (row: WorthHistory) => number) => narrow(levels, stated, successes, ({ messages }) => messages, (people) => {
    const counted = people.map((row) => ({ trials: row.messages, successes: successes(row), weight: row.weight }));
    const moments = priorByMoments(counted);
    if (moments?.kind === 'pooled') return asBeta(moments);
    const fit = fitBetaBinomial(counted);
    return fit.fitted ? fit.params : null;
  });
  const open = rate(STATED_WORTH.openRate, ({ opens }) => opens);
  const conversion = rate(STATED_WORTH.conversionRate, ({ conversions }) => conversions);
  const lived = ({ messages, leftAt }: WorthHistory): number => leftAt ?? messages;
  const optOut = narrow(levels, STATED_WORTH.optOut, ({ leftAt }) => (leftAt === null ? 0 : 1), lived, (people) => {
    const fit = fitOptOutHazard(people.map((row) => ({ messages: lived(row), optedOut: row.leftAt !== null, weight: row.weight })));
    return fit.fitted ? fit.params : null;
  });
  return {
    channel, segment, openRate: open.prior, conversionRate: conversion.prior, optOut: optOut.prior,
    sources: { openRate: open.level, conversionRate: conversion.level, optOut: optOut.level },
  };
}

interface Level {
  readonly level: WorthLevel;
  readonly rows: readonly WorthHistory[];
}

/**
 * From the widest level to the nearest: a level with too few people keeps what is above it, one with a fit replaces it. One whose
 * counts do not determine a spread (nobody converted, nobody left) still says where the mean lies: it moves the mean of what is above
 * it, taken as that many messages seen, and keeps the spread. A thousand messages without one opt-out are no reason to expect the stated rate.
 */
function narrow(
  levels: readonly Level[], stated: BetaPrior, successes: (row: WorthHistory) => number, trials: (row: WorthHistory) => number,
  fit: (rows: readonly WorthHistory[]) => BetaPrior | null,
): { prior: BetaPrior; level: WorthLevel } {
  let found: { prior: BetaPrior; level: WorthLevel } = { prior: stated, level: 'stated' };
  for (const { level, rows } of levels) {
    if (rows.reduce((sum, { weight }) => sum + weight, 0) < MINIMUM_OBSERVATIONS) continue;
    const total = (of: (row: WorthHistory) => number): number => rows.reduce((sum, row) => sum + row.weight * of(row), 0);
    found = { prior: fit(rows) ?? recentred(found.prior, total(successes), total(trials)), level };
  }
  return found;
}

function recentred({ alpha, beta }: BetaPrior, successes: number, trials: number): BetaPrior {
  const share = (alpha + successes) / (alpha + beta + trials);
  return { alpha: share * (alpha + beta), beta: (1 - share) * (alpha + beta) };
}

/** Complete pooling as a prior so strong that nobody's own messages move it. */
function asBeta(prior: RatePrior): BetaPrior {
  const strength = 1e6;
  return prior.kind === 'beta' ? { alpha: prior.alpha, beta: prior.beta } : { alpha: prior.mean * strength, beta: (1 - prior.mean) * strength };
}

function mean({ alpha, beta }: BetaPrior): number {
  return alpha / (alpha + beta);
}

interface Estimate {
  readonly mean: number;
  readonly variance: number;
}

/** Conversions a message more than without it: the difference of the arms over the messages that the treated got. */
export function incrementPerMessage(arms: HoldoutArms): Estimate {
  const { treated, treatedConversions, treatedSquares, control, controlConversions, controlSquares } = arms;
  const [meanTreated, meanControl] = [treatedConversions / treated, controlConversions / control];
  // Pooled: a small control in which nobody has converted yet does not know its rate without error.
  const pooled = (treatedSquares - treated * meanTreated ** 2 + controlSquares - control * meanControl ** 2) / (treated + control - 2);
  const perPerson = arms.messages / treated;
  return { mean: (meanTreated - meanControl) / perPerson, variance: (pooled * (1 / treated + 1 / control)) / perPerson ** 2 };
}

/** Precision-weighted mean of two normal estimates. */
function combine(prior: Estimate, seen: Estimate): Estimate {
  if (!(seen.variance > 0)) return prior;
  const precision = 1 / prior.variance + 1 / seen.variance;
  return { mean: (prior.mean / prior.variance + seen.mean / seen.variance) / precision, variance: 1 / precision };
}

/** Holdout differences pooled by messages, shrunk to the stated share of the raw rate; as a share of that rate. */
function ofChannel(holdouts: readonly HoldoutArms[], rawRate: number): Incrementality {
  const prior = { mean: STATED_INCREMENTALITY * rawRate, variance: (STATED_SPREAD * rawRate) ** 2 };
  const messages = holdouts.reduce((sum, arms) => sum + arms.messages, 0);
  if (messages === 0) return { share: STATED_INCREMENTALITY, source: 'stated' };
  const seen = holdouts.reduce((sum, arms) => {
    const { mean: difference, variance } = incrementPerMessage(arms);
    const part = arms.messages / messages;
    return { mean: sum.mean + part * difference, variance: sum.variance + part ** 2 * variance };
  }, { mean: 0, variance: 0 });
  return { share: Math.max(0, combine(prior, seen).mean / rawRate), source: 'channel holdouts' };
}

function ofCampaign(arms: HoldoutArms, channel: Incrementality, rawRate: number): Incrementality {
  const spread = CAMPAIGN_SPREAD * Math.max(channel.share, 0.1) * rawRate;
  const { mean: increment } = combine({ mean: channel.share * rawRate, variance: spread ** 2 }, incrementPerMessage(arms));
  return { share: Math.max(0, increment / rawRate), source: 'campaign holdout' };
}
