import { firstHold, leastPassing, reserveHold, type FatigueQuestion, type Hold } from './fatigue-gates.js';
import type { CountedMessage, Decision, DueRow, GateReason, World } from './world.js';

/** Who meets the gates first: the higher priority, then the higher expected net worth, then the older campaign. */
export function compareRank(
  a: Pick<DueRow, 'priority' | 'netWorth' | 'campaignId'>,
  b: Pick<DueRow, 'priority' | 'netWorth' | 'campaignId'>,
): number {
  return b.priority - a.priority || b.netWorth - a.netWorth || compareIds(a.campaignId, b.campaignId);
}

/** Ids are bigints as decimal strings without leading zeros: the shorter is the smaller. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Decides everything that is due for one user, in rank order: each row meets the gates together with what the rows before it
 * took. The oracle to which the set-based pass is held.
 * @param durationMs reads an ISO 8601 duration into milliseconds.
 * @returns one decision for each row, in rank order.
 */
export function decideUser(world: World, durationMs: (text: string) => number): Decision[] {
  const admitted: CountedMessage[] = [];
  return [...world.rows].sort(compareRank).map((row) => {
    const decision = decideRow(world, row, admitted, durationMs);
    if (decision.outcome === 'queued' && !row.transactional) {
      admitted.push({ id: `pass:${row.campaignId}`, channel: row.channel, topic: row.topic, at: 'unsettled' });
    }
    return decision;
  });
}

function decideRow(world: World, row: DueRow, admitted: CountedMessage[], durationMs: (text: string) => number): Decision {
  const barred = firstBar(world, row);
  if (barred) return decision(row, 'suppressed', barred);
  if (row.transactional) return decision(row, 'queued', null);
  const question: FatigueQuestion = { ...row, policy: world.policy, user: world.user, durationMs };
  const counted = [...world.user.history, ...admitted];
  const reserved = reserveOf(world, row, question, counted);
  const hold = firstHold(question, counted, world.t) ?? reserved;
  if (!hold && row.worth && !(row.netWorth > 0)) return decision(row, 'suppressed', 'not_worth_it');
  if (!hold) return decision(row, row.heldOut ? 'held_out' : 'queued', null);
  // Only what this pass admitted stood in the way: without it every gate would have passed.
  const alone = firstHold(question, world.user.history, world.t) ?? reserveOf(world, row, question, world.user.history);
  const reason = admitted.length > 0 && !alone ? 'outranked' : hold.reason;
  // A hold that an occurrence to come gives back is over when it is due, whatever else is in the way until then.
  const from = reserved ? reserved.freeAt : world.t;
  const freeAt = row.onFatigue === 'defer' ? leastPassing(question, settledAt(counted, world.t), from, row.expiresAt) : null;
  return decision(row, freeAt ? 'deferred' : 'suppressed', reason, hold, freeAt);
}

function reserveOf({ t, reservations = [] }: World, row: DueRow, question: FatigueQuestion, counted: readonly CountedMessage[]): Hold | undefined {
  return reserveHold(question, row.priority, counted, reservations.filter(({ campaignId }) => campaignId !== row.campaignId), t);
}

/** For looking ahead, what is unsettled is taken as settled at `t`. */
function settledAt(counted: readonly CountedMessage[], t: Date): CountedMessage[] {
  return counted.map((message) => (message.at === 'unsettled' ? { ...message, at: t } : message));
}

/** The gates before fatigue, in order. Transactional rows skip holdout and consent. */
function firstBar(world: World, row: DueRow): GateReason | null {
  const { user, t } = world;
  if (!row.transactional && user.globalHoldout) return 'global_holdout';
  if (row.channel === 'email' && user.address === 'suppressed') return 'suppressed_address';
  if (!row.transactional && !consents(world, row)) return 'unsubscribed';
  return unreachable(world, row) ?? (t > row.expiresAt ? 'expired' : null);
}

/** Under optOut until somebody unsubscribes, under optIn only who subscribed; the channel's `unsubscribed` beats its topics. */
function consents({ user, consent }: World, { channel, topic }: DueRow): boolean {
  const states = user.subscriptions
    .filter((s) => s.channel === channel && (s.topic === '' || s.topic === topic))
    .map(({ state }) => state);
  if (states.includes('unsubscribed')) return false;
  return consent[channel] === 'optOut' || states.includes('subscribed');
}

/**
 * One live device (permission not denied, seen after t − staleDeviceAfter) is enough; else what the best of them lacks. A
 * transactional message tries stale devices too: somebody waits for it.
 */
function unreachable({ user, t, staleDeviceAfterMs }: World, { channel, transactional }: DueRow): GateReason | null {
  if (channel === 'email') return user.address === 'none' ? 'no_email' : null;
  if (user.devices.length === 0) return 'no_device';
  const allowed = user.devices.filter(({ permission }) => permission !== 'denied');
  if (allowed.length === 0) return 'permission_denied';
  return transactional || allowed.some(({ lastSeenAt }) => lastSeenAt.getTime() > t.getTime() - staleDeviceAfterMs) ? null : 'stale_device';
}

function decision(row: DueRow, outcome: Decision['outcome'], reason: GateReason | null, hold?: Hold, freeAt: Date | null = null): Decision {
  return { campaignId: row.campaignId, outcome, reason, cap: hold?.cap ?? null, blockingId: hold?.blockingId ?? null, freeAt };
}
