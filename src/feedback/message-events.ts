import { Injectable } from '@nestjs/common';
import { settleByEvidence, type MessageRef } from '../delivery/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { Users } from '../recipients/index.js';
import { Conversions } from './conversions.js';
import { OptOutCredit } from './opt-out-credit.js';

export type MessageEventType = 'delivered' | 'opened' | 'dismissed' | 'clicked' | 'unsubscribed' | 'bounced' | 'complained';
/**
 * Who said so. `mail-server-soft` is a bounce that may pass. The table has one more, `last-message`: an opt-out that named no message,
 * as OptOutCredit writes and withdraws it.
 */
export type MessageEventSource = 'app' | 'pixel' | 'link' | 'mail-server' | 'mail-server-soft' | 'opt-out';

export interface MessageEvent {
  readonly ref: MessageRef;
  readonly type: MessageEventType;
  readonly machine: boolean;
  readonly source: MessageEventSource;
  /** As claimed; it is moved into [sent, received]. */
  readonly occurredAt: Date;
  readonly action?: string;
}

interface RecordParams {
  months: string[];
  userIds: string[];
  ids: string[];
  types: string[];
  machines: boolean[];
  sources: string[];
  occurredAts: Date[];
  receivedAts: Date[];
  actions: (string | null)[];
  now: Date | null;
}

const record = sqlFile<RecordParams, MessageRef>(import.meta.url, './sql/record-message-events.sql');

// What only a person with the device or mail at hand does; a delivery happens in the pocket.
const PRESENCE = new Set<MessageEventType>(['opened', 'clicked', 'dismissed']);

/** What happened to messages after they were sent: stored once, credited, and taken as evidence that they were. */
@Injectable()
export class MessageEvents {
  constructor(
    private readonly database: ApiDatabase,
    private readonly conversions: Conversions,
    private readonly optOuts: OptOutCredit,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Within the caller's transaction; what is known already is stored no second time. Leaves the users' last-seen time alone. */
  async recordIn(tx: Transaction, events: readonly MessageEvent[]): Promise<void> {
    await this.conversions.lock(tx, events.map(({ ref }) => ref.userId));
    await this.store(tx, events);
  }

  /** As `recordIn`, and new wishes of these users (internal ids) besides: which messages their unlinked opt-outs are credited to. */
  async recordWishesIn(tx: Transaction, optOuts: readonly MessageEvent[], userIds: readonly string[]): Promise<void> {
    await this.conversions.lock(tx, userIds);
    if (optOuts.length > 0) await this.store(tx, optOuts);
    await this.optOuts.creditAgain(tx, userIds);
  }

  private async store(tx: Transaction, events: readonly MessageEvent[]): Promise<void> {
    const refs = events.map((event) => event.ref);
    const changed = await tx.query(record, this.parameters(events));
    const settled = await settleByEvidence(tx, refs, this.clock.forSql());
    // What was in doubt did leave: it may be the last message before an opt-out.
    if (settled > 0) await this.optOuts.creditAgain(tx, refs.map((ref) => ref.userId));
    await this.conversions.creditAgain(tx, changed);
  }

  private parameters(events: readonly MessageEvent[]): RecordParams {
    const now = this.clock.now();
    return {
      months: events.map(({ ref }) => ref.month), userIds: events.map(({ ref }) => ref.userId), ids: events.map(({ ref }) => ref.id),
      types: events.map((event) => event.type), machines: events.map((event) => event.machine), sources: events.map((event) => event.source),
      occurredAts: events.map((event) => event.occurredAt), receivedAts: events.map(() => now),
      actions: events.map((event) => event.action ?? null), now: this.clock.forSql(),
    };
  }

  /** After the commit: a user's row is also written by ingest, and holding it together with the stripes could deadlock. */
  async touchUsers(events: readonly MessageEvent[]): Promise<void> {
    const seen = events.filter((event) => !event.machine && PRESENCE.has(event.type)).map((event) => event.ref.userId);
    if (seen.length === 0) return;
    const at = this.clock.now();
    await this.database.transaction((tx) => this.users.touch(tx, [...new Set(seen)].map((id) => ({ id, at }))));
  }
}
