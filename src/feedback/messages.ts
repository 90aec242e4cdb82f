import { Injectable } from '@nestjs/common';
import { MessageIds, type MessageRef } from '../delivery/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';

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

type RefParams = { month: string; userId: string; id: string };
const find = sqlFile<RefParams, Message>(import.meta.url, './sql/find-message.sql');
const findRecipient = sqlFile<RefParams, LinkRecipient>(import.meta.url, './sql/find-link-recipient.sql');

@Injectable()
export class Messages {
  constructor(
    private readonly database: ApiDatabase,
    private readonly ids: MessageIds,
  ) {}

  /** @returns undefined for an id that names no message, or one that was never sent to anybody. */
  async find(ref: MessageRef): Promise<Message | undefined> {
    const [message] = await this.database.query(find, { month: ref.month, userId: ref.userId, id: ref.id });
    return message;
  }

  /** @returns undefined once the person is erased. */
  async recipientOf(ref: MessageRef): Promise<LinkRecipient | undefined> {
    const [recipient] = await this.database.query(findRecipient, { month: ref.month, userId: ref.userId, id: ref.id });
    return recipient;
  }

  refOf(messageId: string): MessageRef | undefined {
    return this.ids.decode(messageId);
  }

  idOf(ref: MessageRef): string {
    return this.ids.encode(ref);
  }
}

export function refOf(recipient: LinkRecipient): MessageRef {
  return { month: recipient.month, userId: recipient.internalId, id: recipient.id };
}
