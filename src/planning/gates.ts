import type { FatiguePolicy } from '../fatigue/index.js';

/** The terms of a decision by worth (scoring/worth.ts), in the settings' currency, with what they were computed from. */
export interface ShownWorth {
  /** The segment of the audience whose rates the person's are shrunk to; null: the whole channel's. */
  segment: string | null;
  messages: number;
  opens: number;
  conversions: number;
  incrementality: number;
  conversionRate: number;
  openRate: number;
  value: number;
  conversionGain: number;
  openGain: number;
  hazard: number;
  keepValue: number;
  cost: number;
  netWorth: number;
  /** What the budget of messages asks beyond 0; 0 without one, or while it is slack. */
  price: number;
}

/** One row of show-verdict: the verdict on one user with every gate beside it. */
export interface ShownVerdict {
  state: 'queued' | 'held_out' | 'deferred' | 'suppressed';
  reason: string | null;
  inAudience: boolean;
  globalHoldout: boolean;
  suppressedAddress: boolean;
  unsubscribed: boolean;
  noDevice: boolean;
  permissionDenied: boolean;
  staleDevice: boolean;
  noEmail: boolean;
  duplicateAddress: boolean;
  localTimePassed: boolean;
  expired: boolean;
  quietUntil: Date | null;
  gapFreeAt: Date | null;
  capFreeAt: Date | null;
  reserveFreeAt: Date | null;
  reserveCampaignId: string | null;
  cap: number | null;
  heldOut: boolean;
  variant: number;
  freeAt: Date | null;
  messagesIn7d: number;
  zone: string;
  worth: ShownWorth | null;
  /** The net worth is not above the price. */
  belowPrice: boolean;
  overBudget: boolean;
}

export interface Gate {
  gate: string;
  passed: boolean;
  detail: string;
  /** false: as recorded by the decision itself. */
  recomputed: boolean;
}

export interface Recorded {
  outcome: string;
  reason: string | null;
  cap: number | null;
  blockingId: string | null;
}

type Check = readonly [gate: string, reasons: readonly string[], failed: boolean, detail: string];

/** Reasons that share a gate with another, of which its own detail would tell. */
const SHARED: Readonly<Record<string, string | undefined>> = {
  outranked: 'a higher campaign of the same pass took the slot',
  cancelled: 'the campaign was cancelled',
  provider_unavailable: 'the provider could not be reached before the expiry of the campaign',
};

/**
 * Every gate in the order of the decision. Of a recorded decision the first failing gate is as recorded, and those before it had
 * passed; the later ones were never asked and are recomputed as of then.
 */
export function gatesOf(v: ShownVerdict, policy: FatiguePolicy, recorded?: Recorded): Gate[] {
  const checks = checksOf(v, policy, recorded?.cap ?? v.cap);
  const failing = recorded?.reason == null ? -1 : checks.findIndex(([gate, reasons]) =>
    (recorded.reason === 'outranked' ? gate === outrankedAt(recorded) : reasons.includes(recorded.reason!)));
  const admitted = recorded !== undefined && (recorded.reason === null || failing < 0);
  return checks.map(([gate, , failed, detail], i) => {
    if (recorded === undefined) return { gate, passed: !failed, detail: failed ? detail : 'passed', recomputed: true };
    if (admitted) {
      const held = gate === 'campaign_holdout' && recorded.outcome === 'held_out';
      return { gate, passed: !held, detail: held ? detail : 'passed', recomputed: false };
    }
    if (i < failing) return { gate, passed: true, detail: 'passed', recomputed: false };
    if (i === failing) return { gate, passed: false, detail: SHARED[recorded.reason!] ?? detail, recomputed: false };
    return { gate, passed: !failed, detail: failed ? detail : 'passed', recomputed: true };
  });
}

/** The gate that what the same pass admitted had shut: the message in the way is recorded, and the cap where it is not the gap. */
function outrankedAt({ cap, blockingId }: Recorded): string {
  if (cap === null) return 'minimum_gap';
  return blockingId === null ? 'reserved_for_priority' : 'frequency_cap';
}

function checksOf(v: ShownVerdict, policy: FatiguePolicy, cap: number | null): Check[] {
  const capKey = cap === null ? undefined : policy.caps[cap]?.key;
  return [
    ['audience', ['left_segment'], !v.inAudience, 'not in the audience'],
    ['global_holdout', ['global_holdout'], v.globalHoldout, 'in the global holdout'],
    ['suppression', ['suppressed_address'], v.suppressedAddress, 'the address is suppressed'],
    ['consent', ['unsubscribed'], v.unsubscribed, 'no consent to this channel or topic'],
    ['reachability', ['no_device', 'permission_denied', 'stale_device', 'no_email', 'duplicate_address'], reachReason(v) !== undefined,
      `not reachable: ${reachReason(v) ?? 'unknown'}`],
    ['local_time', ['local_time_passed'], v.localTimePassed, 'the local time had passed'],
    ['expiry', ['expired', 'cancelled', 'provider_unavailable'], v.expired, 'past the expiry of the campaign'],
    ['quiet_hours', ['quiet_hours'], v.quietUntil !== null, `quiet in ${v.zone}${until(v.quietUntil)}`],
    ['minimum_gap', ['minimum_gap'], v.gapFreeAt !== null, `the last message is too recent${until(v.gapFreeAt)}`],
    ['frequency_cap', ['frequency_cap'], v.capFreeAt !== null, `the cap ${capKey ?? ''} has no free slot${until(v.capFreeAt)}`],
    ['reserved_for_priority', ['reserved_for_priority'], v.reserveFreeAt !== null,
      `campaign ${v.reserveCampaignId ?? ''} holds the slot of the cap ${capKey ?? ''}${until(v.reserveFreeAt)}`],
    ['worth', ['not_worth_it'], v.belowPrice, worthDetail(v.worth)],
    ['budget', ['budget_spent'], v.overBudget, 'the budget of messages of this channel is spent'],
    ['rendering', ['render_error'], false, 'a variable of the template is missing for this user'],
    ['campaign_holdout', [], v.heldOut, 'in the holdout of the campaign'],
  ];
}

function worthDetail(worth: ShownWorth | null): string {
  if (!worth) return 'no price asked';
  const { conversionGain, openGain, hazard, keepValue, cost, netWorth, price } = worth;
  const asked = price > 0 ? `, and the budget asks for more than ${price.toPrecision(3)}` : '';
  const money = (amount: number): string => amount.toPrecision(3);
  return `gain ${money(conversionGain + openGain)} − risk of opt-out ${money(hazard)} × value of being heard ${money(keepValue)} − cost ${money(cost)} = ${money(netWorth)}${asked}`;
}

function reachReason(v: ShownVerdict): string | undefined {
  if (v.noDevice) return 'no_device';
  if (v.permissionDenied) return 'permission_denied';
  if (v.staleDevice) return 'stale_device';
  if (v.noEmail) return 'no_email';
  return v.duplicateAddress ? 'duplicate_address' : undefined;
}

/** What would be decided, in the words of the API. */
export function outcomeOfNow(v: ShownVerdict): string {
  if (!v.inAudience) return 'not_in_audience';
  return v.state === 'queued' ? 'would_send' : v.state;
}

function until(at: Date | null): string {
  return at ? ` until ${at.toISOString()}` : '';
}
