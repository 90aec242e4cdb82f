import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MessageRef } from '../delivery/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, WorkerDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { rowFault, type RejectedRow } from '../platform/http/index.js';
import { Loops } from '../platform/loops/index.js';
import { INSTANT_MESSAGE, parseInstant } from '../platform/time/index.js';
import { Addresses, Consent } from '../recipients/index.js';
import { MessageEvents, type MessageEvent } from './message-events.js';
import { Messages, refLists } from './messages.js';

const TYPES = ['bounce', 'complaint', 'delivered'] as const;
const FIELDS = ['messageId', 'type', 'hard', 'occurredAt'];

interface MailEvent {
  readonly index: number;
  readonly ref: MessageRef;
  readonly messageId: string;
  readonly type: (typeof TYPES)[number];
  readonly hard: boolean;
  readonly occurredAt: Date;
}

interface Mailed {
  readonly position: string;
  readonly email: string | null;
  readonly emailHash: Buffer | null;
}

const findMailed = sqlFile<{ months: string[]; userIds: string[]; ids: string[] }, Mailed>(
  import.meta.url, './sql/find-mailed-messages.sql');

const storeSoftBounces = sqlFile<{ hashes: Buffer[]; months: string[]; userIds: string[]; ids: string[] }>(
  import.meta.url, './sql/store-soft-bounces.sql');
const deleteOldBounces = sqlFile<{ before: Date }>(import.meta.url, './sql/delete-old-soft-bounces.sql');

/** Soft bounces older than this say nothing about an address. */
const BOUNCE_MEMORY_MS = 30 * 24 * 3_600_000;
const SWEEP_MS = 6 * 3_600_000;

/** What mail servers report afterwards. A hard bounce or a complaint silences the address for good, and so do soft bounces that do not end. */
@Injectable()
export class MailServerEvents implements OnModuleInit {
  constructor(
    private readonly database: ApiDatabase,
    private readonly messages: Messages,
    private readonly events: MessageEvents,
    private readonly consent: Consent,
    private readonly addresses: Addresses,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly worker: WorkerDatabase,
  ) {}

  onModuleInit(): void {
    this.loops.every('soft-bounces', SWEEP_MS, async () => {
      await this.worker.query(deleteOldBounces, { before: new Date(this.clock.now().getTime() - BOUNCE_MEMORY_MS) });
    });
  }

  /** Takes every good row of the batch in one transaction. */
  async take(rows: readonly unknown[]): Promise<{ accepted: number; rejected: RejectedRow[] }> {
    const rejected: RejectedRow[] = [];
    const parsed = rows.flatMap((row, index) => {
      const result = this.parse(row, index);
      if ('message' in result) rejected.push(result);
      return 'message' in result ? [] : [result];
    });
    const mailed = await this.findMailed(parsed);
    const known = parsed.filter((_, i) => mailed.has(i));
    parsed.forEach((event, i) => mailed.has(i) || rejected.push({ index: event.index, path: 'messageId', message: 'names no mail of ours' }));
    if (known.length > 0) await this.store(parsed.map((event, i) => ({ event, address: mailed.get(i) })).filter((e) => e.address) as Stored[]);
    return { accepted: known.length, rejected: rejected.sort((a, b) => a.index - b.index) };
  }

  private async store(events: readonly Stored[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const complaints = events.filter(({ event }) => event.type === 'complaint').map(({ event }) => event);
      await this.consent.record(tx, complaints.map((event) => ({
        userId: event.ref.userId, channel: 'email' as const, topic: '', state: 'unsubscribed' as const, occurredAt: event.occurredAt,
        source: 'complaint', messageId: event.messageId,
      })));
      await this.events.recordIn(tx, events.flatMap(({ event }) => messageEventsOf(event)));
      await this.addresses.suppressHashes(tx, events.flatMap(({ event, address }) => {
        const reason = reasonOf(event);
        return reason && address.emailHash ? [{ hash: address.emailHash, email: address.email, reason }] : [];
      }));
      await this.countSoftBounces(tx, events.filter(({ event, address }) => event.type === 'bounce' && !event.hard && address.emailHash));
    });
  }

  /** By address and not by person: several people may share a mailbox, and a new address begins without a past. */
  private async countSoftBounces(tx: Transaction, bounces: readonly Stored[]): Promise<void> {
    if (bounces.length === 0) return;
    const hashes = bounces.map(({ address }) => address.emailHash!);
    await tx.query(storeSoftBounces, { hashes, ...refLists(bounces.map(({ event }) => event.ref)) });
    await this.addresses.suppressBouncing(tx, hashes);
  }

  private async findMailed(events: readonly MailEvent[]): Promise<Map<number, Mailed>> {
    if (events.length === 0) return new Map();
    const rows = await this.database.query(findMailed, refLists(events.map(({ ref }) => ref)));
    return new Map(rows.map((row) => [Number(row.position) - 1, row]));
  }

  private parse(row: unknown, index: number): MailEvent | RejectedRow {
    const fault = rowFault(row);
    if (fault) return { index, ...fault };
    const { messageId, type, hard, occurredAt, ...others } = row as Record<string, unknown>;
    const refuse = (path: string, message: string): RejectedRow => ({ index, path, message });
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) return refuse(unknown, `property ${unknown} should not exist (known are ${FIELDS.join(', ')})`);
    if (!TYPES.includes(type as never)) return refuse('type', `must be one of ${TYPES.join(', ')}`);
    if (hard !== undefined && typeof hard !== 'boolean') return refuse('hard', 'must be true or false');
    const at = typeof occurredAt === 'string' ? parseInstant(occurredAt) : undefined;
    if (!at) return refuse('occurredAt', INSTANT_MESSAGE);
    const ref = typeof messageId === 'string' ? this.messages.refOf(messageId) : undefined;
    if (!ref) return refuse('messageId', 'names no mail of ours');
    return { index, ref, messageId: messageId as string, type: type as MailEvent['type'], hard: hard === true, occurredAt: at };
  }
}

interface Stored {
  readonly event: MailEvent;
  readonly address: Mailed;
}

function reasonOf(event: MailEvent): string | undefined {
  if (event.type === 'complaint') return 'complaint';
  return event.type === 'bounce' && event.hard ? 'hard_bounce' : undefined;
}

/** A complaint is also an opt-out of that message; a soft bounce is counted and may pass. */
function messageEventsOf({ ref, type, hard, occurredAt }: MailEvent): MessageEvent[] {
  const base = { ref, machine: false, source: 'mail-server', occurredAt } as const;
  if (type === 'delivered') return [{ ...base, type: 'delivered' }];
  if (type === 'bounce') return [{ ...base, type: 'bounced', source: hard ? 'mail-server' : 'mail-server-soft' }];
  return [{ ...base, type: 'complained' }, { ...base, type: 'unsubscribed', source: 'opt-out' }];
}
