import { EMPTY_POLICY, type Cap, type FatiguePolicy } from '../../src/fatigue/index.js';
import { WEEKDAYS } from '../../src/fatigue/policy.js';
import type { FittedCell } from '../../src/scoring/index.js';
import type { CampaignSpec, GeneratedWorld, HistoryRow, Person } from './generated-world.js';

/** Someone whom nothing holds back. */
export function person(changes: Partial<Person> = {}): Person {
  return { zone: 'UTC', address: 'usable', devices: [{ permission: 'granted', daysAgo: 0 }], subscriptions: [], inTier: false, history: [], scores: null, ...changes };
}

/** A push message about promo, sent and never opened. */
export function sent(minutesAgo: number | null, changes: Partial<HistoryRow> = {}): HistoryRow {
  return { channel: 'push', topic: 'promo', minutesAgo, opened: false, converted: false, ...changes };
}

/** A push campaign about promo to everybody, due now. */
export function campaign(changes: Partial<CampaignSpec> = {}): CampaignSpec {
  return {
    channel: 'push', topic: 'promo', transactional: false, ignoreCaps: false, priority: 50, onFatigue: 'drop', expiresAfter: 'P7D', holdout: 0,
    worth: false, audience: { include: ['everyone'] }, conversion: { event: 'purchase', window: 'P3D' }, reserveIn: null, ...changes,
  };
}

/** At most one push message in 24 hours. */
export function cap(changes: Partial<Cap> = {}): Cap {
  return { key: 'cap', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' }, ...changes };
}

export function quiet(start: string, end: string): FatiguePolicy['quietHours'][number] {
  return { channel: 'push', start, end, days: WEEKDAYS };
}

const rate = { alpha: 1, beta: 9 };
const cell = (channel: 'push' | 'email'): FittedCell => ({
  channel, segment: null, optOut: { alpha: 1, beta: 400 }, openRate: rate, conversionRate: rate,
  sources: { optOut: 'stated', openRate: 'stated', conversionRate: 'stated' },
});

/** A world that is about one thing: one person unless told, one campaign unless told. */
export function worldOf(
  { history = [], someone = {}, campaigns = [campaign()], messageCost = 0, ...policy }:
  Partial<FatiguePolicy> & { history?: HistoryRow[]; someone?: Partial<Person>; campaigns?: CampaignSpec[]; messageCost?: number },
): GeneratedWorld {
  return {
    policy: { ...EMPTY_POLICY, ...policy }, consent: { push: 'optOut', email: 'optOut' }, globalHoldout: 0, openValue: 0, messageCost,
    model: {
      cells: [cell('push'), cell('email')], campaigns: {}, eventValues: { purchase: 20, booking: 3 }, channelValues: { push: null, email: null },
      channels: { push: { share: 0.4, source: 'stated' }, email: { share: 0.4, source: 'stated' } },
    },
    people: [person({ history, ...someone })], campaigns,
  };
}
