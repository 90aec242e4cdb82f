import { capVerdict, countingWindow, effectiveLimits, tierLimit, type Cap, type FatiguePolicy, type UserState } from '../fatigue/index.js';
import { parseDuration } from '../platform/time/index.js';

export interface CapCounter {
  key: string;
  limit: number;
  used: number;
  remaining: number;
  freeAt: Date | null;
  messages: string[];
}

/** A cap that had no free slot when a row of the ledger was decided, as the row has it. */
export interface FullCap {
  /** Its place in the policy. */
  cap: number;
  /** The message whose leaving the window would have freed a slot. */
  blockingId: string | undefined;
}

type Question = Omit<Parameters<typeof capVerdict>[0], 'limit'>;

/**
 * How much of each cap is used.
 * @param user with a history of which the youngest message is the last
 * @param full of a recorded decision: no counter says that this cap had a slot
 */
export function capCounters(policy: FatiguePolicy, user: UserState, t: Date, full?: FullCap): CapCounter[] {
  const limits = effectiveLimits(policy, user.segments, user.unopened);
  return policy.caps.map((cap, i) => {
    const used = user.history.filter((m) =>
      (cap.channel === 'any' || cap.channel === m.channel) && (cap.topic === undefined || cap.topic === m.topic));
    const question = { window: countingWindow(cap.window, user.zone, durationMs), used, t };
    const counter = counterOf(cap.key, limits[i]!, question);
    return full?.cap === i && counter.remaining > 0 ? asFull(counter, policy, cap, question, full.blockingId) : counter;
  });
}

/**
 * As full as it was. A recount finds too few where a limit has changed with tiers and opens, which are today's, or where a message has been
 * decided again since. What is recorded is the message that was in the way: at the limit's place from the youngest. Where the policy might
 * have set that limit, that was it, and every message is there; else messages are missing, and those that are there are named.
 */
function asFull(counter: CapCounter, policy: FatiguePolicy, cap: Cap, question: Question, blockingId: string | undefined): CapCounter {
  const young = question.used.filter(({ id }) => counter.messages.includes(id)).map(({ id }) => id);
  const at = blockingId === undefined ? -1 : young.indexOf(blockingId);
  if (at < 0) return { ...counter, used: counter.limit, remaining: 0 };
  const place = young.length - at;
  const limit = mayBeLimit(place, policy, cap) ? place : counter.limit;
  return { ...counter, limit, used: Math.max(counter.used, limit), remaining: 0, freeAt: counterOf(cap.key, place, question).freeAt };
}

function mayBeLimit(limit: number, { tiers, adaptive }: FatiguePolicy, cap: Cap): boolean {
  const uncut = [cap.limit, ...tiers.flatMap((tier) => tierLimit(tier, cap) ?? [])];
  const cut = adaptive.enabled && cap.channel !== 'any';
  return uncut.some((most) => limit === most || (cut && limit >= adaptive.floor && limit < most));
}

function counterOf(key: string, limit: number, question: Question): CapCounter {
  const { used, freeAt, messages } = capVerdict({ ...question, limit });
  return { key, limit, used, remaining: Math.max(0, limit - used), freeAt, messages: [...messages] };
}

export function durationMs(text: string): number {
  return parseDuration(text)!;
}
