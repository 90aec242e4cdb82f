import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { Consent } from './consent.js';
import { presentSubscription } from './profiles.js';
import type { Channel, SubscriptionInput } from './subscription.js';
import { Users } from './users.js';

interface SubscriptionRow {
  channel: Channel;
  topic: string;
  state: string;
  occurredAt: Date;
  source: string | null;
}

const list = sqlFile<{ userId: string; channel: Channel | null; topic: string | null }, SubscriptionRow>(
  import.meta.url, './sql/list-subscriptions.sql');

/** What one user said about channels and topics. */
@Injectable()
export class Subscriptions {
  constructor(
    private readonly database: ApiDatabase,
    private readonly users: Users,
    private readonly consent: Consent,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 */
  async list(userId: string): Promise<object[]> {
    const id = await this.users.find(userId);
    if (id === undefined) throw notFound('user');
    return (await this.database.query(list, { userId: id, channel: null, topic: null })).map(presentSubscription);
  }

  /** Takes one wish down; creates the user if need be. @returns what stands now, which may be a later wish. */
  async put(userId: string, wish: SubscriptionInput): Promise<object> {
    const now = this.clock.now();
    return this.database.transaction(async (tx) => {
      const id = (await this.users.ensure(tx, [userId], now)).get(userId)!;
      const { channel, topic, state, occurredAt = now, source = null, messageId = null } = wish;
      await this.consent.record(tx, [{ userId: id, channel, topic, state, occurredAt, source, messageId }]);
      const [stands] = await tx.query(list, { userId: id, channel, topic });
      return presentSubscription(stands!);
    });
  }
}
