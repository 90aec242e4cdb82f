import { Injectable } from '@nestjs/common';
import { MessageIds, type MessageRef } from '../delivery/index.js';
import { ApiDatabase, sqlFile, type Queryable } from '../platform/database/index.js';

/** A message that left or is leaving. */
export interface Message {
  readonly channel: 'push' | 'email';
  readonly settledAt: Date | null;
  readonly decidedAt: Date;
}

/** The person behind a link and what the link's message was about. */
export interface LinkRecipient {
  readonly month: string;
  readonly internalId: string;
  readonly id: string;
  readonly channel: 'push' | 'email';
  /** Key and names by locale of the campaign's topic. */
  readonly topic: string | null;
  readonly topicName: Record<string, string> | null;
  readonly userId: string;
  readonly locale: string | null;
}

type RefLists = { months: string[]; userIds: string[]; ids: string[] };
const find = sqlFile<RefLists, Message & { position: string }>(import.meta.url, './sql/find-messages.sql');
const findRecipients = sqlFile<RefLists, LinkRecipient & { position: string }>(import.meta.url, './sql/find-link-recipients.sql');

@Injectable()
export class Messages {
  constructor(
    private readonly database: ApiDatabase,
    private readonly ids: MessageIds,
  ) {}

  /** In the order of the refs; undefined for one that names no message, or one that was never sent to anybody. */
  async find(on: Queryable, refs: readonly MessageRef[]): Promise<(Message | undefined)[]> {
    const found = new Array<Message | undefined>(refs.length);
    for (const { position, ...message } of await on.query(find, refLists(refs))) found[Number(position) - 1] = message;
    return found;
  }

  /** @returns undefined once the person is erased. */
  async recipientOf(ref: MessageRef): Promise<LinkRecipient | undefined> {
    return (await this.recipientsOf(this.database, [ref]))[0];
  }

  /** In the order of the refs. */
  async recipientsOf(on: Queryable, refs: readonly MessageRef[]): Promise<(LinkRecipient | undefined)[]> {
    const found = new Array<LinkRecipient | undefined>(refs.length);
    for (const { position, ...recipient } of await on.query(findRecipients, refLists(refs))) found[Number(position) - 1] = recipient;
    return found;
  }

  refOf(messageId: string): MessageRef | undefined {
    return this.ids.decode(messageId);
  }

  idOf(ref: MessageRef): string {
    return this.ids.encode(ref);
  }
}

export function refLists(refs: readonly MessageRef[]): RefLists {
  return { months: refs.map(({ month }) => month), userIds: refs.map(({ userId }) => userId), ids: refs.map(({ id }) => id) };
}

export function refOf(recipient: LinkRecipient): MessageRef {
  return { month: recipient.month, userId: recipient.internalId, id: recipient.id };
}
