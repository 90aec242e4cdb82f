/** The settings as `GET /v1/settings` shows them. */
export interface Settings {
  /** Name of the event that is a purchase; its value is money. */
  purchaseEvent: string;
  /** ISO 4217. Amounts in another currency are kept, and count 0 in scores and sums. */
  currency: string;
  /** IANA zone of users for whom neither the backend nor a device gave one. */
  defaultTimezone: string;
  consent: { push: ConsentModel; email: ConsentModel };
  /** ISO 8601 duration since the last sight of a device after which it is not written to any more. */
  staleDeviceAfter: string;
  /** ISO 8601 duration for which raw events are kept; counts by day and event ids stay. */
  eventRetention: string;
  /** ISO 8601 duration for which the terms of decisions by worth are kept; the decisions themselves stay. */
  worthRetention: string;
  /** Share of all users, 0 to 1, that gets no marketing at all. */
  globalHoldout: number;
  /** Share of a purchase's value, 0 to 1, that is profit. */
  margin: number;
  /** Cost of one message in major units of `currency`. */
  messageCost: { push: number; email: number };
  /** What one open is worth beside the conversion it may lead to, in major units of `currency`: a term of worth. */
  openValue: number;
  /** Share of a campaign's messages, 0 to 1, that may end in an opt-out; surely above it the campaign pauses itself. */
  optOutTolerance: number;
  /** How many marketing messages may be admitted in all; null on a channel: as many as the caps let through. */
  messageBudget: MessageBudget;
}

/** A total over everybody, beside the caps of each person. */
export interface MessageBudget {
  push: number | null;
  email: number | null;
  /** The calendar window of `defaultTimezone` that one budget is for. */
  window: BudgetWindow;
}

export type BudgetWindow = 'day' | 'week' | 'month';

export type ConsentModel = 'optOut' | 'optIn';

/** What a caller may change: every field, and every field of the nested ones, on its own. */
export type SettingsPatch = Partial<Omit<Settings, 'consent' | 'messageCost' | 'messageBudget'>> & {
  consent?: Partial<Settings['consent']>;
  messageCost?: Partial<Settings['messageCost']>;
  /** Replaced whole: what it does not name has no budget. */
  messageBudget?: Partial<MessageBudget>;
};

export const DEFAULT_SETTINGS: Readonly<Settings> = Object.freeze({
  purchaseEvent: 'purchase',
  currency: 'EUR',
  defaultTimezone: 'UTC',
  consent: Object.freeze({ push: 'optOut', email: 'optOut' } as const),
  staleDeviceAfter: 'P30D',
  // 13 months and a few days: whole months are dropped.
  eventRetention: 'P400D',
  worthRetention: 'P400D',
  globalHoldout: 0,
  margin: 1,
  messageCost: Object.freeze({ push: 0, email: 0 }),
  openValue: 0,
  optOutTolerance: 0.02,
  messageBudget: Object.freeze({ push: null, email: null, window: 'day' } as const),
});

/** The defaults with what was set on top; only differences are stored, so that a better default reaches old installations. */
export function withDefaults(stored: SettingsPatch): Settings {
  return {
    ...DEFAULT_SETTINGS,
    ...stored,
    consent: { ...DEFAULT_SETTINGS.consent, ...stored.consent },
    messageCost: { ...DEFAULT_SETTINGS.messageCost, ...stored.messageCost },
    messageBudget: { ...DEFAULT_SETTINGS.messageBudget, ...stored.messageBudget },
  };
}
