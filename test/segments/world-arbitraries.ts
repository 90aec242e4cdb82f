import fc from 'fast-check';
import type { EvaluationSettings } from '../../src/segments/segment-evaluator.js';
import { STATED_PRIORS, type ChannelPriors } from '../../src/scoring/index.js';
import { EVENTS, NOW, TEXTS, instant, jsonValue } from './rule-arbitraries.js';

export interface GeneratedMessage {
  channel: 'push' | 'email';
  campaign: 1 | 2;
  test: boolean;
  transactional: boolean;
  state: 'sent' | 'failed' | 'unknown' | 'suppressed';
  settledAt: Date;
  openedAt: Date | null;
  clickedAt: Date | null;
  conversions: Date[];
}

export interface GeneratedEvent {
  name: string;
  occurredAt: Date;
  value: number | null;
  currency: string | null;
  properties: Record<string, unknown> | null;
}

export interface GeneratedUser {
  email: string | null;
  suppressed: boolean;
  timezone: string | null;
  deviceTimezone: string | null;
  locale: string | null;
  deviceLocale: string | null;
  createdAt: Date;
  lastSeenAt: Date | null;
  attributes: Record<string, unknown>;
  events: GeneratedEvent[];
  messages: GeneratedMessage[];
  devices: { permission: 'granted' | 'denied' | 'provisional' | null; lastSeenAt: Date }[];
  subscriptions: { channel: 'push' | 'email'; topic: string; state: 'subscribed' | 'unsubscribed' }[];
  scores: { recency: number; frequency: number; monetary: number; group: string; alive: number | null; purchases: number | null; value: number | null } | null;
  listed: boolean;
}

export interface World {
  users: GeneratedUser[];
  settings: EvaluationSettings;
  priors: Record<'push' | 'email', ChannelPriors>;
}

/** Somebody of whom nothing is known but that they were made now. */
export const NOBODY: GeneratedUser = {
  email: null, suppressed: false, timezone: null, deviceTimezone: null, locale: null, deviceLocale: null, createdAt: NOW, lastSeenAt: null,
  attributes: {}, events: [], messages: [], devices: [], subscriptions: [], scores: null, listed: false,
};

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 2 });
const channel = fc.constantFrom('push' as const, 'email' as const);
const amount = fc.constantFrom(0.1, 0.2, 0.3, 1, 2.5, 10, -5, 1e10);

const event: fc.Arbitrary<GeneratedEvent> = fc.record({
  name: fc.constantFrom(...EVENTS), occurredAt: instant, value: maybe(amount), currency: maybe(fc.constantFrom('EUR', 'USD')),
  properties: maybe(fc.record({ size: jsonValue, sku: jsonValue, box: fc.oneof(jsonValue, fc.record({ w: jsonValue })) }, { requiredKeys: [] })),
});

const message: fc.Arbitrary<GeneratedMessage> = fc.record({
  channel, campaign: fc.constantFrom(1 as const, 2 as const),
  test: fc.boolean(), transactional: fc.boolean(),
  state: fc.constantFrom('sent' as const, 'sent' as const, 'sent' as const, 'failed' as const, 'unknown' as const, 'suppressed' as const),
  settledAt: instant, openedAt: maybe(instant), clickedAt: maybe(instant), conversions: fc.array(instant, { maxLength: 2 }),
});

const attributes = fc.record({ plan: jsonValue, a: jsonValue, 0: jsonValue, 'ünï "x"': jsonValue, tags: fc.array(jsonValue, { maxLength: 3 }) }, { requiredKeys: [] });

const score = fc.constantFrom(0.5, 0.9, 1, 3);
const user: fc.Arbitrary<GeneratedUser> = fc.record({
  email: maybe(fc.constantFrom('gold@example.com', '1')), suppressed: fc.boolean(),
  timezone: maybe(fc.constantFrom('UTC', 'gold')), deviceTimezone: maybe(fc.constantFrom('Gold')),
  locale: maybe(fc.constantFrom('gold', '1')), deviceLocale: maybe(fc.constantFrom(...TEXTS)),
  createdAt: instant, lastSeenAt: maybe(instant), attributes,
  events: fc.array(event, { maxLength: 8, size: 'max' }), messages: fc.array(message, { maxLength: 5 }),
  devices: fc.array(fc.record({ permission: maybe(fc.constantFrom('granted' as const, 'denied' as const, 'provisional' as const)), lastSeenAt: instant }), { maxLength: 2 }),
  subscriptions: fc.uniqueArray(fc.record({ channel, topic: fc.constantFrom('', 'promo'), state: fc.constantFrom('subscribed' as const, 'unsubscribed' as const) }),
    { maxLength: 3, selector: ({ channel: of, topic }) => `${of} ${topic}` }),
  scores: maybe(fc.record({
    recency: fc.integer({ min: 1, max: 5 }), frequency: fc.integer({ min: 1, max: 5 }), monetary: fc.integer({ min: 1, max: 5 }),
    group: fc.constantFrom('champions', 'new', 'at_risk', 'hibernating'), alive: maybe(score), purchases: maybe(score), value: maybe(score),
  })),
  listed: fc.boolean(),
});

const priors: fc.Arbitrary<ChannelPriors> = fc.constantFrom<ChannelPriors>(STATED_PRIORS, {
  openRate: { kind: 'pooled', mean: 0.104 }, optOut: { alpha: 0.5, beta: 9.5 }, attention: { alpha: 1.2, beta: 0.75, gamma: 0.66, delta: 2.78 },
}, {
  openRate: { kind: 'beta', alpha: 2, beta: 3 }, optOut: { alpha: 2, beta: 2 }, attention: { alpha: 3, beta: 1, gamma: 1, delta: 1 },
});

const consent = fc.constantFrom('optOut' as const, 'optIn' as const);

export const world: fc.Arbitrary<World> = fc.record({
  users: fc.array(user, { minLength: 1, maxLength: 8 }),
  settings: fc.record({
    now: fc.constant(NOW), currency: fc.constant('EUR'), consent: fc.record({ push: consent, email: consent }), staleDeviceAfter: fc.constantFrom('P30D', 'PT12H'),
  }),
  priors: fc.record({ push: priors, email: priors }),
});
