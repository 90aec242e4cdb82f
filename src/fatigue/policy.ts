/** The fatigue policy as validated and stored (`fatigue_policies.policy`). Durations are ISO 8601, times of day `HH:MM`. */
export type PolicyChannel = 'push' | 'email' | 'any';
export type CalendarUnit = 'day' | 'week' | 'month';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface RollingWindow {
  readonly type: 'rolling';
  readonly duration: string;
}

export interface CalendarWindow {
  readonly type: 'calendar';
  readonly unit: CalendarUnit;
  /** An IANA zone, or `user`: the user's zone at the decision. */
  readonly timezone: string;
}

export interface Cap {
  readonly key: string;
  readonly channel: PolicyChannel;
  readonly topic?: string;
  readonly limit: number;
  readonly window: RollingWindow | CalendarWindow;
}

export interface MinimumGap {
  readonly channel: PolicyChannel;
  readonly duration: string;
}

/** `start` later than `end` runs over midnight and belongs to the day on which it starts. */
export interface QuietHours {
  readonly channel: PolicyChannel;
  readonly start: string;
  readonly end: string;
  readonly days: readonly Weekday[];
}

/** Limits that replace those of the caps named, for stored members of the segment. */
export interface Tier {
  readonly segment: string;
  readonly caps: Readonly<Record<string, number>>;
}

export interface Adaptive {
  readonly enabled: boolean;
  readonly unopenedStreak: number;
  /** 0.01 to 0.99 with at most four decimals, so that the limit can be computed exactly. */
  readonly factor: number;
  readonly floor: number;
}

export interface FatiguePolicy {
  readonly caps: readonly Cap[];
  readonly minimumGap: readonly MinimumGap[];
  readonly quietHours: readonly QuietHours[];
  readonly tiers: readonly Tier[];
  readonly adaptive: Adaptive;
}

/** What holds before anybody has written a policy: nothing. */
export const EMPTY_POLICY: FatiguePolicy = Object.freeze({
  caps: [], minimumGap: [], quietHours: [], tiers: [],
  adaptive: Object.freeze({ enabled: false, unopenedStreak: 5, factor: 0.5, floor: 1 }),
});

/** The limit that a tier sets for a cap, undefined where it names it not. A cap may be called `constructor`, which every object has. */
export function tierLimit(tier: Tier, { key }: Pick<Cap, 'key'>): number | undefined {
  return Object.hasOwn(tier.caps, key) ? tier.caps[key] : undefined;
}

/** The parts of a list that concern a message on `channel`; entries for `any` concern both channels. */
export function onChannel<T extends { readonly channel: PolicyChannel }>(parts: readonly T[], channel: 'push' | 'email'): T[] {
  return parts.filter((part) => part.channel === 'any' || part.channel === channel);
}

/** Whether a message on this channel and topic is held back by the cap, and counts in it. */
export function capConcerns(cap: Pick<Cap, 'channel' | 'topic'>, channel: 'push' | 'email', topic: string | null): boolean {
  return (cap.channel === 'any' || cap.channel === channel) && (cap.topic === undefined || cap.topic === topic);
}
