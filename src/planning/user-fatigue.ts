import { Injectable } from '@nestjs/common';
import {
  FatiguePolicies, capVerdict, countingWindow, effectiveLimits, leastPassing, onChannel, quietAt, quietIntervals, type CountedMessage,
  type FatiguePolicy, type UserState,
} from '../fatigue/index.js';
import { MessageIds } from './message-id.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { parseDuration } from '../platform/time/index.js';
import { SettingsService } from '../settings/index.js';
import { zoneRules } from './send-time.js';

export interface CapCounter {
  key: string;
  limit: number;
  used: number;
  remaining: number;
  freeAt: Date | null;
  messages: string[];
}

export interface UserFatigue {
  at: Date;
  policyVersion: number;
  caps: CapCounter[];
  quietUntil?: { push?: Date; email?: Date };
  adaptive?: { unopened: { push: number; email: number } };
  nextEligibleAt: { push: Date | null; email: Date | null };
}

interface CountedRow {
  month: string;
  id: string;
  channel: 'push' | 'email';
  topic: string | null;
  at: Date | null;
}

interface PersonRow {
  id: string;
  zone: string;
  segments: string[];
  unopenedPush: number;
  unopenedEmail: number;
}

const readPerson = sqlFile<{ userId: string; defaultZone: string; at: Date }, PersonRow>(import.meta.url, './sql/read-fatigue-person.sql');
const listCounted = sqlFile<{ userId: string; since: Date; at: Date; asOfId: string | null }, CountedRow>(import.meta.url, './sql/list-counted-messages.sql');

/** No window reaches further back: rolling ones are at most 366 days, calendar ones a month. */
const HORIZON_MS = 367 * 86_400_000;
const CHANNELS = ['push', 'email'] as const;

/** How much of a person's patience is used: the pure functions of the policy over the person's own ledger rows. */
@Injectable()
export class UserFatigueReader {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly settings: SettingsService,
    private readonly policies: FatiguePolicies,
    private readonly messageIds: MessageIds,
  ) {}

  /** @param decision of the ledger, made at `at`: counted as it counted, by the policy's version of then. Tiers and opens are today's. */
  async read(userId: string, at?: Date, decision?: { id: string; policyVersion: number }): Promise<UserFatigue> {
    const t = at ?? this.clock.now();
    const { version, policy } = await (decision ? this.policies.at(decision.policyVersion) : this.policies.current());
    const { internalId, user } = await this.person(userId, t);
    const rows = await this.database.query(listCounted, { userId: internalId, since: new Date(t.getTime() - HORIZON_MS), at: t, asOfId: decision?.id ?? null });
    const history = rows.map((row): CountedMessage => ({
      id: this.messageIds.encode({ month: row.month, userId: internalId, id: row.id }),
      channel: row.channel, topic: row.topic, at: row.at ?? 'unsettled',
    }));
    return this.answer(t, version, policy, { ...user, history });
  }

  private answer(t: Date, policyVersion: number, policy: FatiguePolicy, user: UserState): UserFatigue {
    const quiet = Object.fromEntries(CHANNELS.flatMap((channel) => {
      const interval = quietAt(t, quietIntervals(onChannel(policy.quietHours, channel), user.zone, t, new Date(t.getTime() + 1)));
      return interval ? [[channel, interval.end]] : [];
    }));
    return {
      at: t, policyVersion, caps: capCounters(policy, user, t),
      ...(Object.keys(quiet).length > 0 ? { quietUntil: quiet } : {}),
      ...(policy.adaptive.enabled ? { adaptive: { unopened: user.unopened } } : {}),
      nextEligibleAt: { push: eligible('push', policy, user, t), email: eligible('email', policy, user, t) },
    };
  }

  private async person(userId: string, at: Date): Promise<{ internalId: string; user: Omit<UserState, 'history'> }> {
    const { defaultTimezone } = await this.settings.get();
    const [row] = await this.database.query(readPerson, { userId, defaultZone: defaultTimezone, at });
    if (!row) throw notFound('user');
    return {
      internalId: row.id,
      user: {
        zone: zoneRules(row.zone, defaultTimezone), globalHoldout: false, address: 'usable', devices: [], subscriptions: [],
        segments: new Set(row.segments), unopened: { push: row.unopenedPush, email: row.unopenedEmail },
      },
    };
  }
}

function capCounters(policy: FatiguePolicy, user: UserState, t: Date): CapCounter[] {
  const limits = effectiveLimits(policy, user.segments, user.unopened);
  return policy.caps.map((cap, i) => {
    const used = user.history.filter((m) =>
      (cap.channel === 'any' || cap.channel === m.channel) && (cap.topic === undefined || cap.topic === m.topic));
    const verdict = capVerdict({ limit: limits[i]!, window: countingWindow(cap.window, user.zone, durationMs), used, t });
    return {
      key: cap.key, limit: limits[i]!, used: verdict.used, remaining: Math.max(0, limits[i]! - verdict.used),
      freeAt: verdict.freeAt, messages: [...verdict.messages],
    };
  });
}

/** The least instant at which a message without a topic passes every gate of fatigue; a year ahead at most. */
function eligible(channel: 'push' | 'email', policy: FatiguePolicy, user: UserState, t: Date): Date | null {
  const until = new Date(t.getTime() + HORIZON_MS);
  return leastPassing({ policy, user, channel, topic: null, ignoreCaps: false, durationMs }, user.history, t, until);
}

function durationMs(text: string): number {
  return parseDuration(text)!;
}
