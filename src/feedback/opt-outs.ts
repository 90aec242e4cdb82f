import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, WorkerDatabase, sqlFile } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Consent } from '../recipients/index.js';
import { MessageEvents, type MessageEvent } from './message-events.js';
import { Messages, refOf, type LinkRecipient } from './messages.js';
import type { Wish } from './preferences.js';

interface LoggedOptOut {
  id: string;
  userId: string;
  messageId: string | null;
  occurredAt: Date;
  receivedAt: Date;
  /** Of an opt-out that names no message: the one it is credited to. */
  month: string | null;
  deliveryId: string | null;
}

const listLogged = sqlFile<{ after: string; since: Date; limit: number }, LoggedOptOut>(
  import.meta.url, './sql/list-opt-outs.sql');
const readSubscriptions = sqlFile<{ userId: string }, Wish>(import.meta.url, './sql/read-subscriptions.sql');

const PAGE = 1_000;
const SETTLED_MS = 30_000;
const FIRST_LOOK_BACK_MS = 7 * 24 * 3_600_000;

/** Opt-outs: those made through our links, and the crediting of every one to its message. */
@Injectable()
export class OptOuts implements OnModuleInit {
  private after = '0';
  /** Rows above `after` that were credited already: they are read again until nothing can appear below them. */
  private credited = new Set<string>();

  constructor(
    private readonly api: ApiDatabase,
    private readonly worker: WorkerDatabase,
    private readonly consent: Consent,
    private readonly messages: Messages,
    private readonly events: MessageEvents,
    private readonly loops: Loops,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.loops.every('opt-outs', 2_000, () => this.creditLogged());
  }

  wishesOf(internalUserId: string): Promise<Wish[]> {
    return this.api.query(readSubscriptions, { userId: internalUserId });
  }

  /** Takes the person out of the campaign's topic on the message's channel, out of the channel where it has none. */
  async unsubscribe(message: LinkRecipient): Promise<void> {
    await this.change(message, [{ channel: message.channel, topic: message.topic ?? '', state: 'unsubscribed' }], 'unsubscribe-link');
  }

  /** Records those of the wishes that are new; opt-outs among them are credited to the message in the same transaction. */
  async change(message: LinkRecipient, wishes: readonly Wish[], source: string): Promise<void> {
    if (wishes.length === 0) return;
    const known = await this.wishesOf(message.internalId);
    const fresh = wishes.filter((wish) => !known.some((k) => k.channel === wish.channel && k.topic === wish.topic && k.state === wish.state));
    const occurredAt = this.clock.now();
    const messageId = this.messages.idOf(refOf(message));
    await this.api.transaction(async (tx) => {
      if (fresh.length > 0) {
        await this.consent.record(tx, fresh.map((wish) => ({ ...wish, userId: message.internalId, occurredAt, source, messageId })));
      }
      if (wishes.some((wish) => wish.state === 'unsubscribed')) {
        await this.events.recordIn(tx, [optOutOf(refOf(message), occurredAt)]);
      }
    });
  }

  /** Opt-outs that apps and backends told, most without saying of which message. */
  private async creditLogged(): Promise<void> {
    const now = this.clock.now().getTime();
    const since = new Date(now - FIRST_LOOK_BACK_MS);
    const seen: LoggedOptOut[] = [];
    for (;;) {
      const rows = await this.worker.query(listLogged, { after: seen.at(-1)?.id ?? this.after, since, limit: PAGE });
      await this.credit(rows.filter((row) => !this.credited.has(row.id)));
      seen.push(...rows);
      if (rows.length < PAGE) break;
    }
    const open = seen.findIndex((row) => row.receivedAt.getTime() > now - SETTLED_MS);
    const closed = open === -1 ? seen.length : open;
    this.after = seen[closed - 1]?.id ?? this.after;
    this.credited = new Set(seen.slice(closed).map((row) => row.id));
  }

  private async credit(rows: readonly LoggedOptOut[]): Promise<void> {
    const events = rows.flatMap((row) => {
      const ref = this.refOf(row);
      // Somebody else's message, or a text that was never an id of ours: an opt-out all the same, but of no message.
      return ref?.userId === row.userId ? [optOutOf(ref, row.occurredAt)] : [];
    });
    if (events.length > 0) await this.worker.transaction((tx) => this.events.recordIn(tx, events));
  }

  private refOf({ messageId, userId, month, deliveryId }: LoggedOptOut): MessageEvent['ref'] | undefined {
    if (messageId !== null) return this.messages.refOf(messageId);
    return month !== null && deliveryId !== null ? { month, userId, id: deliveryId } : undefined;
  }
}

function optOutOf(ref: MessageEvent['ref'], occurredAt: Date): MessageEvent {
  return { ref, type: 'unsubscribed', machine: false, source: 'opt-out', occurredAt };
}
