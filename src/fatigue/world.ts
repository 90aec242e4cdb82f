import type { FatiguePolicy } from './policy.js';
import type { UsedSlot } from './frequency-cap.js';

type Channel = 'push' | 'email';

/** One due row: one campaign that wants to reach the user in this pass. */
export interface DueRow {
  readonly campaignId: string;
  readonly channel: Channel;
  readonly topic: string | null;
  readonly transactional: boolean;
  readonly ignoreCaps: boolean;
  readonly priority: number;
  /** Expected net worth in the settings' currency; 0 where nothing estimates it. */
  readonly netWorth: number;
  /** Send only while the net worth is positive. */
  readonly worth: boolean;
  readonly onFatigue: 'drop' | 'defer';
  readonly expiresAt: Date;
  /** The user's hash falls into the campaign's holdout. */
  readonly heldOut: boolean;
}

/** A message in the ledger that counts. */
export interface CountedMessage extends UsedSlot {
  readonly channel: Channel;
  readonly topic: string | null;
}

export interface UserState {
  /** The user's zone, or the default one. */
  readonly zone: string;
  readonly globalHoldout: boolean;
  readonly address: 'none' | 'suppressed' | 'usable';
  readonly devices: readonly { readonly permission: 'granted' | 'denied' | 'provisional' | null; readonly lastSeenAt: Date }[];
  /** topic '' is the whole channel. */
  readonly subscriptions: readonly { readonly channel: Channel; readonly topic: string; readonly state: 'subscribed' | 'unsubscribed' }[];
  /** Keys of the segments that hold the user. */
  readonly segments: ReadonlySet<string>;
  /** Messages older than 24 h on the channel since the last one that the user opened (clicked, in mail). */
  readonly unopened: Readonly<Record<Channel, number>>;
  readonly history: readonly CountedMessage[];
}

/** An occurrence to come of a campaign with `reserve: true` whose audience holds the user. */
export interface Reservation {
  readonly campaignId: string;
  readonly channel: Channel;
  readonly topic: string | null;
  readonly priority: number;
  /** After the decision, by 7 days at most. */
  readonly dueAt: Date;
}

/** Everything that decides for one user in one pass. */
export interface World {
  readonly t: Date;
  readonly policy: FatiguePolicy;
  readonly consent: Readonly<Record<Channel, 'optOut' | 'optIn'>>;
  readonly staleDeviceAfterMs: number;
  readonly user: UserState;
  readonly rows: readonly DueRow[];
  readonly reservations?: readonly Reservation[];
}

export type GateReason =
  | 'global_holdout' | 'suppressed_address' | 'unsubscribed' | 'no_device' | 'permission_denied' | 'stale_device' | 'no_email'
  | 'expired' | 'quiet_hours' | 'minimum_gap' | 'frequency_cap' | 'reserved_for_priority' | 'outranked' | 'not_worth_it';

export interface Decision {
  readonly campaignId: string;
  readonly outcome: 'queued' | 'deferred' | 'suppressed' | 'held_out';
  readonly reason: GateReason | null;
  /** Index in `policy.caps` of the first cap without a free slot. */
  readonly cap: number | null;
  /** The message that used the slot: of the history, or `pass:<campaignId>` of this pass; of reserved_for_priority null. */
  readonly blockingId: string | null;
  /** Of `deferred`: the least instant at which quiet hours, gap and caps all pass. */
  readonly freeAt: Date | null;
}
