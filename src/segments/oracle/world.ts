import type { Channel, Engagement } from '../rule/types.js';
import type { PredicateSettings } from '../predicate/context.js';

/** A user as the rules see one, in memory. */
export interface WorldUser {
  readonly email: string | null;
  readonly emailSuppressed: boolean;
  /** The zone that counts: the backend's, else the last-seen device's. */
  readonly timezone: string | null;
  readonly locale: string | null;
  readonly createdAt: Date;
  readonly lastSeenAt: Date | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly WorldEvent[];
  readonly messages: readonly WorldMessage[];
  readonly devices: readonly { readonly permission: 'granted' | 'denied' | 'provisional' | null; readonly lastSeenAt: Date }[];
  /** topic '' is the whole channel. */
  readonly subscriptions: readonly { readonly channel: Channel; readonly topic: string; readonly state: 'subscribed' | 'unsubscribed' }[];
  readonly scores: WorldScores | null;
  readonly engagement: Readonly<Record<Channel, Readonly<Record<Engagement, number>>>>;
  /** Keys of the static segments that hold the user. */
  readonly staticSegments: ReadonlySet<string>;
}

export interface WorldEvent {
  readonly name: string;
  readonly occurredAt: Date;
  /** Decimal text, as the database keeps it. */
  readonly value: string | null;
  readonly currency: string | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/** A message of the user; test sends are not among them. */
export interface WorldMessage {
  readonly channel: Channel;
  readonly campaignId: string;
  readonly sentAt: Date | null;
  readonly openedAt: Date | null;
  readonly clickedAt: Date | null;
  readonly conversions: readonly Date[];
}

export interface WorldScores {
  readonly 'rfm.recency': number;
  readonly 'rfm.frequency': number;
  readonly 'rfm.monetary': number;
  readonly 'rfm.group': string;
  readonly 'value.probabilityAlive': number | null;
  readonly 'value.expectedPurchases90d': number | null;
  readonly 'value.expectedValue90d': number | null;
}

export interface EvaluationSettings extends PredicateSettings {
  readonly now: Date;
}
