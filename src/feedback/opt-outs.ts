import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MessageRef } from '../delivery/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, GroupCommit, WorkerDatabase, sqlFile, type Queryable, type Transaction } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Consent } from '../recipients/index.js';
import { MessageEvents, type MessageEvent } from './message-events.js';
import { Messages, refOf, type LinkRecipient } from './messages.js';
import type { Wish } from './preferences.js';

interface LoggedWish {
  id: string;
  userId: string;
  state: Wish['state'];
  messageId: string | null;
  occurredAt: Date;
  receivedAt: Date;
}

const listLogged = sqlFile<{ after: string; since: Date; limit: number }, LoggedWish>(
  import.meta.url, './sql/list-wishes.sql');
const readSubscriptions = sqlFile<{ userIds: string[] }, Wish & { userId: string }>(import.meta.url, './sql/read-subscriptions.sql');

/** What somebody wishes who followed a link of a message. */
interface Change {
  readonly message: LinkRecipient;
  readonly wishes: readonly Wish[];
}

const PAGE = 1_000;
const SETTLED_MS = 30_000;
const FIRST_LOOK_BACK_MS = 7 * 24 * 3_600_000;

/** Opt-outs: those made through our links, and the crediting of every one to its message. */
@Injectable()
export class OptOuts implements OnModuleInit {
  private readonly group = new GroupCommit<MessageRef, LinkRecipient | undefined>((refs) => this.unsubscribeAll(refs));
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

  async wishesOf(internalUserId: string): Promise<Wish[]> {
    return (await this.known(this.api, [internalUserId])).map(({ channel, topic, state }) => ({ channel, topic, state }));
  }

  /**
   * Takes the person out of the campaign's topic on the message's channel, out of the channel where it has none. After a mailing many
   * press at once: they are written together.
   * @returns whom the message was for; undefined once the person is erased
   */
  unsubscribe(ref: MessageRef): Promise<LinkRecipient | undefined> {
    return this.group.add(ref);
  }

  private unsubscribeAll(refs: readonly MessageRef[]): Promise<(LinkRecipient | undefined)[]> {
    return this.api.transaction(async (tx) => {
      const recipients = await this.messages.recipientsOf(tx, refs);
      const changes = recipients.flatMap((message) => (
        message ? [{ message, wishes: [{ channel: message.channel, topic: message.topic ?? '', state: 'unsubscribed' as const }] }] : []));
      await this.record(tx, changes, 'unsubscribe-link');
      return Array.from(recipients);
    });
  }

  /** Records those of the wishes that are new; opt-outs among them are credited to the message in the same transaction. */
  async change(message: LinkRecipient, wishes: readonly Wish[], source: string): Promise<void> {
    await this.api.transaction((tx) => this.record(tx, [{ message, wishes }], source));
  }

  private async record(tx: Transaction, changes: readonly Change[], source: string): Promise<void> {
    const told = changes.flatMap(({ message, wishes }) => wishes.map((wish) => ({ ...wish, message, userId: message.internalId })));
    if (told.length === 0) return;
    const standing = new Set((await this.known(tx, told.map(({ userId }) => userId))).map(keyOf));
    const occurredAt = this.clock.now();
    // Somebody who presses twice says nothing new either.
    const fresh = told.filter((wish) => !standing.has(keyOf(wish)) && standing.add(keyOf(wish)));
    if (fresh.length > 0) {
      await this.consent.record(tx, fresh.map(({ userId, channel, topic, state, message }) => (
        { userId, channel, topic, state, occurredAt, source, messageId: this.messages.idOf(refOf(message)) })));
    }
    const left = new Map(told.filter(({ state }) => state === 'unsubscribed').map(({ message }) => [this.messages.idOf(refOf(message)), message]));
    if (left.size > 0) await this.events.recordIn(tx, [...left.values()].map((message) => optOutOf(refOf(message), occurredAt)));
  }

  private known(on: Queryable, userIds: readonly string[]): Promise<(Wish & { userId: string })[]> {
    return on.query(readSubscriptions, { userIds: [...new Set(userIds)] });
  }

  /** Wishes that apps and backends told, most without saying of which message. */
  private async creditLogged(): Promise<void> {
    const now = this.clock.now().getTime();
    const since = new Date(now - FIRST_LOOK_BACK_MS);
    const seen: LoggedWish[] = [];
    for (;;) {
      const rows = await this.worker.query(listLogged, { after: seen.at(-1)?.id ?? this.after, since, limit: PAGE });
      await this.credit(rows.filter((row) => !this.credited.has(row.id)));
      seen.push(...rows);
      if (rows.length < PAGE) break;
    }
    const open = seen.findIndex((row) => row.receivedAt.getTime() > now - SETTLED_MS);
    const closed = open === -1 ? seen.length : open;
    // Once more before they are left behind: a message's settlement may have been on its way when its opt-out was first read.
    await this.credit(seen.slice(0, closed).filter((row) => this.credited.has(row.id)));
    this.after = seen[closed - 1]?.id ?? this.after;
    this.credited = new Set(seen.slice(closed).map((row) => row.id));
  }

  private async credit(rows: readonly LoggedWish[]): Promise<void> {
    if (rows.length === 0) return;
    const events = rows.flatMap((row) => {
      const ref = row.state === 'unsubscribed' && row.messageId !== null ? this.messages.refOf(row.messageId) : undefined;
      // Somebody else's message, or a text that was never an id of ours: an opt-out all the same, but of no message.
      return ref?.userId === row.userId ? [optOutOf(ref, row.occurredAt)] : [];
    });
    await this.worker.transaction((tx) => this.events.recordWishesIn(tx, events, rows.map(({ userId }) => userId)));
  }
}

function keyOf({ userId, channel, topic, state }: Wish & { userId: string }): string {
  return `${userId} ${channel} ${topic} ${state}`;
}

function optOutOf(ref: MessageEvent['ref'], occurredAt: Date): MessageEvent {
  return { ref, type: 'unsubscribed', machine: false, source: 'opt-out', occurredAt };
}
