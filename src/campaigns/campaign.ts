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

export type Schedule = { readonly type: 'now' } | { readonly type: 'at'; readonly at: string };

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
