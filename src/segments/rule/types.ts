/** What a segment's rule is once it has been read: no text is left that still has to be understood. */
export type Channel = 'push' | 'email';
export type Scalar = string | number | boolean;

export type OrderOp = 'gt' | 'gte' | 'lt' | 'lte';

/** A test of one JSON value. Absent or of another type than the test's: false, whatever the operator (but notExists). */
export type ValueTest =
  | { readonly op: 'eq' | 'ne'; readonly value: Scalar }
  | { readonly op: OrderOp; readonly value: string | number }
  | { readonly op: 'in' | 'notIn'; readonly values: readonly Scalar[] }
  | { readonly op: 'contains'; readonly value: Scalar }
  | { readonly op: 'startsWith'; readonly value: string }
  | { readonly op: 'before' | 'after'; readonly at: Date }
  | { readonly op: 'withinLast' | 'notWithinLast'; readonly ms: number }
  | { readonly op: 'exists' | 'notExists' };

/** A test of a number that the engine computed. */
export type NumberTest =
  | { readonly op: 'eq' | 'ne' | OrderOp; readonly value: number }
  | { readonly op: 'in' | 'notIn'; readonly values: readonly number[] };

/** The names on the way from the object to the value. */
export type Path = readonly string[];

export type BuiltInField = 'email' | 'timezone' | 'locale' | 'createdAt' | 'lastSeenAt';

/**
 * `within` (milliseconds) is (now − within, now]; `from` and `to` are [from, to). Where neither `within` nor `to` ends it,
 * it ends at now: an event dated in the future has not happened yet.
 */
export interface Window {
  readonly within?: number;
  readonly from?: Date;
  readonly to?: Date;
}

export const COUNTING = ['count', 'sum', 'distinctDays'] as const;
export const MEASURING = ['average', 'min', 'max', 'daysSinceFirst', 'daysSinceLast'] as const;
export const AGGREGATES = [...COUNTING, ...MEASURING] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export interface PropertyTest {
  readonly path: Path;
  readonly test: ValueTest;
}

export interface EventCondition {
  readonly kind: 'event';
  readonly event: string;
  readonly where: readonly PropertyTest[];
  readonly window: Window;
  readonly aggregate: Aggregate;
  /** What sum, average, min and max are of: the event's amount, or a property. */
  readonly of: 'value' | Path;
  readonly test: NumberTest;
}

export const MESSAGE_FACTS = ['sent', 'opened', 'clicked', 'converted'] as const;

export interface MessageCondition {
  readonly kind: 'message';
  readonly fact: (typeof MESSAGE_FACTS)[number];
  readonly channel?: Channel;
  readonly campaignId?: string;
  /** Milliseconds. */
  readonly within?: number;
  readonly test: NumberTest;
}

export const ENGAGEMENTS = ['openRate', 'optOutRisk', 'attention'] as const;
export type Engagement = (typeof ENGAGEMENTS)[number];

export type ScoreName =
  | 'rfm.recency' | 'rfm.frequency' | 'rfm.monetary' | 'rfm.group'
  | 'value.probabilityAlive' | 'value.expectedPurchases90d' | 'value.expectedValue90d'
  | `engagement.${Channel}.${Engagement}`;

export interface ScoreCondition {
  readonly kind: 'score';
  readonly score: ScoreName;
  readonly test: ValueTest;
}

export type Rule =
  | { readonly kind: 'all' | 'any'; readonly rules: readonly Rule[] }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'attribute'; readonly path: Path; readonly test: ValueTest }
  | { readonly kind: 'field'; readonly field: BuiltInField; readonly test: ValueTest }
  | EventCondition
  | MessageCondition
  | ScoreCondition
  | { readonly kind: 'segment'; readonly key: string }
  | { readonly kind: 'reachable'; readonly channel: Channel };
