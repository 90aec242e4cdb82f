import { Injectable } from '@nestjs/common';
import type { MessageRef } from '../delivery/index.js';
import { ApiDatabase, GroupCommit } from '../platform/database/index.js';
import { MessageEvents, type MessageEvent } from './message-events.js';
import { Messages, type Message } from './messages.js';

/** What somebody says of one message, not yet looked up. */
export interface MessageReport {
  readonly ref: MessageRef;
  /** What is to be stored, given the message as the ledger has it. */
  readonly eventsOf: (message: Message) => readonly MessageEvent[];
}

/**
 * Takes what apps, pixels and links report, each in a request of its own, and stores it in common transactions: a report alone costs
 * seven round trips and a flush, five hundred together cost the same.
 */
@Injectable()
export class MessageReports {
  private readonly group = new GroupCommit<MessageReport, boolean>((reports) => this.store(reports));

  constructor(
    private readonly database: ApiDatabase,
    private readonly messages: Messages,
    private readonly events: MessageEvents,
  ) {}

  /** @returns after the commit: whether the ref names a message that left or is leaving; of any other nothing is stored. */
  take(report: MessageReport): Promise<boolean> {
    return this.group.add(report);
  }

  /** Of several: one answer each, in their order. */
  takeAll(reports: readonly MessageReport[]): Promise<boolean[]> {
    return this.group.addAll(reports);
  }

  private async store(reports: readonly MessageReport[]): Promise<boolean[]> {
    const { found, events } = await this.database.transaction(async (tx) => {
      const messages = await this.messages.find(tx, reports.map(({ ref }) => ref));
      const all = reports.flatMap(({ eventsOf }, i) => (messages[i] ? eventsOf(messages[i]) : []));
      if (all.length > 0) await this.events.recordIn(tx, all);
      return { found: messages, events: all };
    });
    await this.events.touchUsers(events);
    return Array.from(found, (message) => message !== undefined);
  }
}
