/** The priors behind the engagement scores of a channel: fitted on its people, or stated where they are too few. Pure. */
import { fitAttention, probabilityListening, type AttentionHistory, type BgBbParams } from './attention.js';
import type { FitResult } from './fit.js';
import { fitOptOutHazard, optOutHazard, type OptOutParams } from './opt-out-hazard.js';
import { climbForPrior, posteriorRate, type RatePrior } from './shrinkage.js';

export type Channel = 'push' | 'email';
export const CHANNELS: readonly Channel[] = ['push', 'email'];

export interface ChannelPriors {
  readonly openRate: RatePrior;
  readonly optOut: OptOutParams;
  readonly attention: BgBbParams;
}

/** A channel's priors, and for each of them whether data made it or why not. */
export interface FittedPriors {
  readonly priors: ChannelPriors;
  readonly sources: { readonly openRate: string; readonly optOut: string; readonly attention: string };
}

/**
 * The priors where there are no data at all, on either channel: a tenth of the messages is opened, one message in 200 makes
 * somebody opt out, one in 50 makes somebody stop listening. Each weighs as much as the messages its parameters add up to
 * (10, 200, 50), so that a user's own first messages move it little and a fit replaces it as soon as there is one.
 */
export const STATED_PRIORS: ChannelPriors = {
  openRate: { kind: 'beta', alpha: 1, beta: 9 },
  optOut: { alpha: 1, beta: 199 },
  attention: { alpha: 1, beta: 9, gamma: 1, delta: 49 },
};

/** People of one channel with the same history; `leftAt` is the ordinal of the message after which they opted out. */
export interface ChannelHistory extends AttentionHistory {
  readonly leftAt: number | null;
  readonly weight: number;
}

/** @param others histories of all channels together, the level above the channel for the open rate */
export function fitChannelPriors(own: readonly ChannelHistory[], others: readonly ChannelHistory[]): FittedPriors {
  const rates = (rows: readonly ChannelHistory[]): { trials: number; successes: number; weight: number }[] =>
    rows.map(({ messages, opens, weight }) => ({ trials: messages, successes: opens, weight }));
  const open = climbForPrior(
    [{ level: 'channel', rows: rates(own) }, { level: 'all channels', rows: rates(others) }], STATED_PRIORS.openRate);
  const optOut = fitOptOutHazard(own.map(({ messages, leftAt, weight }) =>
    ({ messages: leftAt ?? messages, optedOut: leftAt !== null, weight })));
  const attention = fitAttention(own);
  return {
    priors: {
      openRate: open.prior,
      optOut: optOut.fitted ? optOut.params : STATED_PRIORS.optOut,
      attention: attention.fitted ? attention.params : STATED_PRIORS.attention,
    },
    sources: { openRate: open.level, optOut: sourceOf(optOut), attention: sourceOf(attention) },
  };
}

function sourceOf(fit: FitResult<unknown>): string {
  return fit.fitted ? 'channel' : `stated (${fit.reason}: ${fit.detail})`;
}

export interface EngagementScores {
  /** Posterior mean of the user's open rate (in mail: opens or clicks). */
  readonly openRate: number;
  /** P(opt-out at the next message). */
  readonly optOutRisk: number;
  /** P(still listening when the next message arrives). */
  readonly attention: number;
}

export function engagementOf(history: AttentionHistory, { openRate, optOut, attention }: ChannelPriors): EngagementScores {
  return {
    openRate: posteriorRate(openRate, { trials: history.messages, successes: history.opens }),
    optOutRisk: optOutHazard(optOut, history.messages),
    attention: probabilityListening(attention, history),
  };
}
