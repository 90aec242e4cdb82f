import { Injectable } from '@nestjs/common';
import {
  FatiguePolicies, leastPassing, onChannel, quietAt, quietIntervals, type CountedMessage, type FatiguePolicy, type UserState,
} from '../fatigue/index.js';
import { capCounters, durationMs, type CapCounter, type FullCap } from './cap-counters.js';
import { MessageIds } from './message-id.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { SettingsService } from '../settings/index.js';
import type { CountedRow } from './pass-facts.js';
import { zoneRules } from './send-time.js';

export interface UserFatigue {
  at: Date;
  policyVersion: number;
  caps: CapCounter[];
  quietUntil?: { push?: Date; email?: Date };
  adaptive?: { unopened: { push: number; email: number } };
  nextEligibleAt: { push: Date | null; email: Date | null };
}

/** A decision of the ledger, with what counted when it was made. */
export interface RecordedDecision {
  policyVersion: number;
  counted: readonly CountedRow[];
  /** The cap that had no free slot, by its place in the policy, with the row of the message in the way; undefined: none is recorded. */
  full: { cap: number; blockingId: string } | undefined;
}

interface PersonRow {
  id: string;
  zone: string;
  segments: string[];
  unopenedPush: number;
  unopenedEmail: number;
}

const readPerson = sqlFile<{ userId: string; defaultZone: string; at: Date }, PersonRow>(import.meta.url, './sql/read-fatigue-person.sql');
const listCounted = sqlFile<{ userId: string; since: Date; by: Date | null }, CountedRow>(import.meta.url, './sql/list-counted-messages.sql');

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

  /**
   * @param at what was decided later does not count.
   * @param decision of the ledger, made at `at`: counted as it counted, by the policy's version of then. Tiers and opens are today's.
   */
  async read(userId: string, at?: Date, decision?: RecordedDecision): Promise<UserFatigue> {
    const t = at ?? this.clock.now();
    const { version, policy } = await (decision ? this.policies.at(decision.policyVersion) : this.policies.current());
    const { internalId, user } = await this.person(userId, t);
    const rows = decision?.counted ?? (await this.database.query(listCounted, { userId: internalId, since: new Date(t.getTime() - HORIZON_MS), by: at ?? null }));
    const history = rows.map((row): CountedMessage => ({
      id: this.messageIds.encode({ month: row.month, userId: internalId, id: row.id }),
      channel: row.channel, topic: row.topic, at: row.at ?? 'unsettled',
    }));
    const full = decision?.full && { cap: decision.full.cap, blockingId: history[rows.findIndex(({ id }) => id === decision.full!.blockingId)]?.id };
    return this.answer(t, version, policy, { ...user, history }, full);
  }

  private answer(t: Date, policyVersion: number, policy: FatiguePolicy, user: UserState, full?: FullCap): UserFatigue {
    const quiet = Object.fromEntries(CHANNELS.flatMap((channel) => {
      const interval = quietAt(t, quietIntervals(onChannel(policy.quietHours, channel), user.zone, t, new Date(t.getTime() + 1)));
      return interval ? [[channel, interval.end]] : [];
    }));
    return {
      at: t, policyVersion, caps: capCounters(policy, user, t, full),
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

/** The least instant at which a message without a topic passes every gate of fatigue; a year ahead at most. */
function eligible(channel: 'push' | 'email', policy: FatiguePolicy, user: UserState, t: Date): Date | null {
  const until = new Date(t.getTime() + HORIZON_MS);
  return leastPassing({ policy, user, channel, topic: null, ignoreCaps: false, durationMs }, user.history, t, until);
}
