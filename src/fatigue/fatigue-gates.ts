import { calendarWindow } from './calendar-window.js';
import { adaptiveLimit, capVerdict, countingWindow, minimumGapVerdict, type CountingWindow } from './frequency-cap.js';
import { capConcerns, onChannel, tierLimit, type FatiguePolicy } from './policy.js';
import { quietAt, quietIntervals } from './quiet-hours.js';
import type { CountedMessage, Reservation, UserState } from './world.js';

type Channel = 'push' | 'email';

export interface Hold {
  readonly reason: 'quiet_hours' | 'minimum_gap' | 'frequency_cap' | 'reserved_for_priority';
  readonly cap: number | null;
  readonly blockingId: string | null;
  /** The least instant at which this one gate passes if nothing else happens. */
  readonly freeAt: Date;
}

/** What a marketing message on this channel and topic meets, for one user. */
export interface FatigueQuestion {
  readonly policy: FatiguePolicy;
  readonly user: UserState;
  readonly channel: Channel;
  readonly topic: string | null;
  readonly ignoreCaps: boolean;
  /** Reads an ISO 8601 duration into milliseconds. */
  readonly durationMs: (text: string) => number;
}

/**
 * The limit of each cap of the policy for this user: the cap's own; replaced by the first tier that holds the user; then, on
 * caps of one very channel, cut for somebody who stopped opening there.
 */
export function effectiveLimits(policy: FatiguePolicy, segments: ReadonlySet<string>, unopened: Readonly<Record<Channel, number>>): number[] {
  const tier = policy.tiers.find(({ segment }) => segments.has(segment));
  return policy.caps.map((cap) => {
    const own = (tier && tierLimit(tier, cap)) ?? cap.limit;
    return cap.channel === 'any' ? own : adaptiveLimit(own, unopened[cap.channel], policy.adaptive);
  });
}

/** The first gate that holds the message back at `t`, in the order quiet hours, minimum gap, caps; undefined where all pass. */
export function firstHold(question: FatigueQuestion, counted: readonly CountedMessage[], t: Date): Hold | undefined {
  return quietHold(question, t) ?? (question.ignoreCaps ? undefined : gapHold(question, counted, t) ?? capHold(question, counted, t));
}

/**
 * The least instant from `t` on at which every gate passes if nothing else happens: what is unsettled is taken as settled at
 * `t`. Each gate in the way moves the instant to where it frees, until none is left.
 * @returns null where that is later than `until`.
 */
export function leastPassing(question: FatigueQuestion, counted: readonly CountedMessage[], t: Date, until: Date): Date | null {
  const settled = counted.map((message) => (message.at === 'unsettled' ? { ...message, at: t } : message));
  let at = t;
  while (at <= until) {
    const hold = firstHold(question, settled, at);
    if (!hold) return at;
    at = hold.freeAt;
  }
  return null;
}

function quietHold({ policy, user, channel }: FatigueQuestion, t: Date): Hold | undefined {
  const windows = onChannel(policy.quietHours, channel);
  const quiet = quietAt(t, quietIntervals(windows, user.zone, t, new Date(t.getTime() + 1)));
  return quiet && { reason: 'quiet_hours', cap: null, blockingId: null, freeAt: quiet.end };
}

/** Several gaps hold at once; the one that frees last is the one that holds. */
function gapHold({ policy, channel, durationMs }: FatigueQuestion, counted: readonly CountedMessage[], t: Date): Hold | undefined {
  let last: Hold | undefined;
  for (const gap of onChannel(policy.minimumGap, channel)) {
    const used = counted.filter((message) => gap.channel === 'any' || gap.channel === message.channel);
    const { freeAt, blockingId } = minimumGapVerdict({ gapMs: durationMs(gap.duration), used, t });
    if (freeAt && (!last || freeAt > last.freeAt)) last = { reason: 'minimum_gap', cap: null, blockingId, freeAt };
  }
  return last;
}

function capHold(question: FatigueQuestion, counted: readonly CountedMessage[], t: Date): Hold | undefined {
  const { policy, user, channel, topic, durationMs } = question;
  const limits = effectiveLimits(policy, user.segments, user.unopened);
  for (const [cap, definition] of policy.caps.entries()) {
    if (!capConcerns(definition, channel, topic)) continue;
    const used = counted.filter((message) => capConcerns(definition, message.channel, message.topic));
    const window = countingWindow(definition.window, user.zone, durationMs);
    const { freeAt, blockingId } = capVerdict({ limit: limits[cap]!, window, used, t });
    if (freeAt) return { reason: 'frequency_cap', cap, blockingId, freeAt };
  }
  return undefined;
}

/**
 * The slot that a higher campaign's occurrence to come holds back, undefined where one is left for both. An occurrence counts where
 * a message sent at `t` would still be in the cap's window when it is due; what has left the window by then has freed its slot, and
 * every occurrence due no later needs one of its own. It gives its hold back when it is due, so the last one frees.
 */
export function reserveHold(question: FatigueQuestion, priority: number, counted: readonly CountedMessage[], reservations: readonly Reservation[], t: Date): Hold | undefined {
  if (question.ignoreCaps) return undefined;
  const { policy, user, channel, topic, durationMs } = question;
  const limits = effectiveLimits(policy, user.segments, user.unopened);
  let last: Hold | undefined;
  for (const [cap, definition] of policy.caps.entries()) {
    if (!capConcerns(definition, channel, topic)) continue;
    const used = counted.filter((message) => capConcerns(definition, message.channel, message.topic));
    const window = countingWindow(definition.window, user.zone, durationMs);
    const rivals = reservations.filter((rival) =>
      rival.priority > priority && capConcerns(definition, rival.channel, rival.topic) && rival.dueAt < leaves(window, t));
    for (const { dueAt } of rivals) {
      const left = used.filter((message) => countsThen(message, window, t, dueAt)).length;
      const reserved = rivals.filter((other) => other.dueAt <= dueAt).length;
      if (left + reserved + 1 <= limits[cap]!) continue;
      if (!last || dueAt > last.freeAt) last = { reason: 'reserved_for_priority', cap, blockingId: null, freeAt: dueAt };
    }
  }
  return last;
}

/** When a message sent at `t` no longer counts. */
function leaves(window: CountingWindow, t: Date): Date {
  return window.type === 'rolling' ? new Date(t.getTime() + window.ms) : calendarWindow(window.unit, window.zone, t).end;
}

/** What is unsettled is taken as settled at `t`. */
function countsThen({ at }: CountedMessage, window: CountingWindow, t: Date, then: Date): boolean {
  const settled = at === 'unsettled' ? t : at;
  if (window.type === 'rolling') return settled.getTime() > then.getTime() - window.ms;
  return settled >= calendarWindow(window.unit, window.zone, t).start;
}
