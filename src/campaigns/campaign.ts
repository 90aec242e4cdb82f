/** What a campaign is, as validated and stored (`campaigns.definition`). Times are ISO strings, durations ISO 8601. */
export type Channel = 'push' | 'email';
export type CampaignStatus = 'draft' | 'scheduled' | 'running' | 'paused' | 'completed' | 'cancelled';
export type Attribution = 'sent' | 'opened' | 'clicked';

export interface Variant {
  readonly key: string;
  readonly template: string;
  readonly weight: number;
}

export interface Conversion {
  readonly event: string;
  readonly window: string;
  readonly attribution: Attribution;
}

/** `always`, `never`, or the least time between two entries as an ISO 8601 duration. */
export type Reentry = string;

/** At the same local time in every user's zone. */
export interface LocalSchedule {
  readonly type: 'local';
  /** `YYYY-MM-DDTHH:MM[:SS]`, without offset. */
  readonly localAt: string;
  /** Where the local time had passed at launch. */
  readonly ifPassed: 'skip' | 'nextDay' | 'sendNow';
}

export interface RecurringSchedule {
  readonly type: 'recurring';
  /** Five fields; the times are wall-clock times of `timezone`. */
  readonly cron: string;
  /** An IANA zone, or `user`: each user's own. */
  readonly timezone: string;
  readonly until?: string;
  readonly reentry?: Reentry;
}

/** On one local day, at the hour at which each user is likeliest to open. */
export interface BestHourSchedule {
  readonly type: 'bestHour';
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** `HH:MM`: the first hour begins at `from`, every further one before `to`. */
  readonly from: string;
  readonly to: string;
}

interface TriggerRules {
  readonly type: 'triggered';
  readonly delay: string;
  /** An event that, had after the entry and before the decision, takes the entry back. */
  readonly unless?: string;
  readonly reentry: Reentry;
}

/** By an event, or by entry into a segment. */
export type TriggeredSchedule = TriggerRules & (
  | { readonly event: string; readonly where?: readonly unknown[]; readonly segment?: undefined }
  | { readonly segment: string; readonly event?: undefined; readonly where?: undefined });

export type Schedule =
  | { readonly type: 'now' } | { readonly type: 'at'; readonly at: string }
  | LocalSchedule | RecurringSchedule | BestHourSchedule | TriggeredSchedule;

export interface CampaignDefinition {
  readonly name: string;
  readonly channel: Channel;
  readonly topic?: string;
  readonly class: 'marketing' | 'transactional';
  readonly tags: readonly string[];
  readonly audience: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  /** `template: "key"` is stored as one variant with key "a". */
  readonly variants: readonly Variant[];
  readonly holdout: number;
  readonly priority: number;
  readonly reserve: boolean;
  readonly ignoreCaps: boolean;
  readonly schedule: Schedule;
  readonly onFatigue: 'drop' | 'defer';
  readonly expiresAfter: string;
  readonly throttlePerMinute?: number;
  readonly onDoubt: 'skip' | 'resend';
  readonly conversion?: Conversion;
  /** Send only to whom the message is worth more than the patience it costs (scoring/worth.ts). */
  readonly worth: boolean;
}
