import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { sqlFile, type Transaction } from '../platform/database/index.js';
import type { Channel, SubscriptionState } from './subscription.js';
import { Users } from './users.js';

/** One wish of one user. */
export interface SubscriptionChange {
  /** Internal id. */
  userId: string;
  channel: Channel;
  /** '' is the whole channel. */
  topic: string;
  state: SubscriptionState;
  /** What lies in the future counts as now: a wrong clock must not outrank every later wish. */
  occurredAt: Date;
  source: string | null;
  messageId?: string | null;
}

interface Changed {
  userId: string;
  channel: Channel;
  topic: string;
}

const record = sqlFile<{ changes: string; explicit: boolean; now: Date }, Changed>(import.meta.url, './sql/record-subscriptions.sql');
const liftErased = sqlFile<{ granted: string }>(import.meta.url, './sql/lift-erased-suppressions.sql');

/** The only writer of subscriptions and of their log. */
@Injectable()
export class Consent {
  constructor(
    private readonly clock: Clock,
    private readonly users: Users,
  ) {}

  /**
   * Takes down what people said themselves: the latest `occurredAt` wins, all of it is logged, and a fresh `subscribed` for mail
   * frees an address that an erasure had suppressed. Whoever was erased meanwhile is passed over.
   */
  async record(tx: Transaction, changes: readonly SubscriptionChange[]): Promise<void> {
    const held = await this.users.hold(tx, changes.map((change) => change.userId));
    const taken = this.marked(changes.filter((change) => held.has(change.userId)));
    if (taken.length === 0) return;
    const changed = await tx.query(record, { changes: JSON.stringify(taken), explicit: true, now: this.clock.now() });
    const won = new Set(changed.map(keyOf));
    const granted = taken.filter((c) => c.channel === 'email' && c.state === 'subscribed' && c.stands && won.has(keyOf(c)));
    if (granted.length > 0) await tx.query(liftErased, { granted: JSON.stringify(granted) });
  }

  /** Takes down what the host's backend says about people: never turns `unsubscribed` into `subscribed`; logs true changes. */
  async recordImported(tx: Transaction, changes: readonly SubscriptionChange[]): Promise<void> {
    if (changes.length === 0) return;
    await tx.query(record, { changes: JSON.stringify(this.marked(changes)), explicit: false, now: this.clock.now() });
  }

  private marked(changes: readonly SubscriptionChange[]): (SubscriptionChange & { position: number; stands: boolean })[] {
    const now = this.clock.now();
    const clamped = changes.map((c) => ({ ...c, occurredAt: c.occurredAt > now ? now : c.occurredAt }));
    const winners = new Map<string, SubscriptionChange>();
    for (const change of clamped) {
      const other = winners.get(keyOf(change));
      if (!other || change.occurredAt >= other.occurredAt) winners.set(keyOf(change), change);
    }
    return clamped.map((change, position) => ({ ...change, position, stands: winners.get(keyOf(change)) === change }));
  }
}

function keyOf({ userId, channel, topic }: Changed): string {
  return `${userId} ${channel} ${topic}`;
}
