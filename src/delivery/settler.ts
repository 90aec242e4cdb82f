import { setTimeout as rest } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Addresses } from '../recipients/index.js';
import { Clock } from '../platform/clock/index.js';
import { SenderDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import type { Slice } from './claims.js';
import { requeueDeliveries, settleDeliveries, type Lease, type SliceSettlement } from './delivery.store.js';
import { requeueOf, settlementOf } from './settlements.js';
import type { SentDelivery } from './slice-sender.js';

const noteSoftBounces = sqlFile<{ month: string; now: Date | null; hashes: Buffer[]; userIds: string[]; ids: string[] }>(
  import.meta.url, './sql/note-soft-bounces.sql');

/** A database that restarts is back within seconds. Past the slice's lease the late answers still turn doubt into certainty. */
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000];

/** Writes a slice's outcomes: one transaction, so that a slice is settled whole or, by the reaper, in doubt whole. */
@Injectable()
export class Settler {
  private readonly logger = new Logger('delivery');

  constructor(
    private readonly database: SenderDatabase,
    private readonly clock: Clock,
    private readonly addresses: Addresses,
  ) {}

  /** Only whoever closes the slice writes all of its outcomes, so a COMMIT whose answer was lost may simply be repeated. */
  async settle(lease: Lease, slice: Slice, sent: readonly SentDelivery[]): Promise<void> {
    for (const wait of [...RETRY_MS, undefined]) {
      try {
        return await this.write(lease, slice, sent);
      } catch (error) {
        if (wait === undefined) throw error;
        this.logger.warn({ err: error, slice: slice.id, msg: 'settling failed, trying again' });
        await rest(wait);
      }
    }
  }

  /** One statement where every message has come to its end; a transaction where some go back into the queue or a mailbox is gone or bounces. */
  private async write(lease: Lease, slice: Slice, sent: readonly SentDelivery[]): Promise<void> {
    const again = requeueOf(sent);
    const gone = sent.flatMap(({ deadAddress }) => (deadAddress ? [deadAddress] : []));
    const bounced = sent.filter(({ bouncedAddress }) => bouncedAddress !== undefined);
    const settlement = this.settlement(lease, slice, sent);
    if (!again && gone.length + bounced.length === 0) return void (await this.database.query(settleDeliveries, settlement));
    await this.database.transaction(async (tx) => {
      const [{ closed } = { closed: false }] = await tx.query(settleDeliveries, settlement);
      if (!closed) return;
      if (again) await tx.query(requeueDeliveries, { month: lease.month, chunkId: lease.id, now: settlement.now, ...again });
      for (const address of gone) await this.addresses.suppress(tx, this.addresses.hash(address), address, 'hard_bounce');
      if (bounced.length > 0) await this.noteBounces(tx, lease.month, bounced, settlement.now);
    });
  }

  private async noteBounces(tx: Transaction, month: string, bounced: readonly SentDelivery[], now: Date | null): Promise<void> {
    const hashes = bounced.map(({ bouncedAddress }) => this.addresses.hash(bouncedAddress!));
    await tx.query(noteSoftBounces, { month, now, hashes, userIds: bounced.map(({ userId }) => userId), ids: bounced.map(({ id }) => id) });
    await this.addresses.suppressBouncing(tx, hashes);
  }

  private settlement(lease: Lease, slice: Slice, sent: readonly SentDelivery[]): SliceSettlement {
    const dead = sent.flatMap((d) => d.deadTokens.map((token) => ({ token, userId: d.userId })));
    return {
      ...settlementOf(lease.month, [...slice.refused, ...sent], this.clock.forSql()),
      sliceId: slice.id, deadUserIds: dead.map((d) => d.userId), deadTokens: dead.map((d) => d.token),
    };
  }
}
