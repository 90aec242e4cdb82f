import { Injectable } from '@nestjs/common';
import type { Transaction } from '../platform/database/index.js';

/** An event that counted: stored, and not seen before. */
export interface AcceptedEvent {
  /** Internal id. */
  userId: string;
  eventId: string;
  name: string;
  occurredAt: Date;
  /** Decimal text, as PostgreSQL reads numeric. */
  value: string | null;
  currency: string | null;
  /** JSON text of an object. */
  properties: string | null;
  /** Loaded from a file rather than sent as it happened: it counts, but it triggers nothing. */
  imported?: boolean;
}

export type IngestHook = (tx: Transaction, accepted: AcceptedEvent[]) => Promise<void>;

/** Where later modules see events inside the transaction that stores them: what they derive is as durable as the event. */
@Injectable()
export class IngestHooks {
  private readonly hooks: IngestHook[] = [];

  register(hook: IngestHook): void {
    this.hooks.push(hook);
  }

  /** In the order of registration; an error rolls the batch back, because an event without its consequences would be half lost. */
  async run(tx: Transaction, accepted: AcceptedEvent[]): Promise<void> {
    for (const hook of this.hooks) await hook(tx, accepted);
  }
}
