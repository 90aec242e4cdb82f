import { setTimeout as rest } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Addresses } from '../recipients/index.js';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase, type Transaction } from '../platform/database/index.js';
import type { Slice } from './claims.js';
import { closeSlice, deleteDeadTokens, requeueDeliveries, settleDeliveries, type Lease } from './delivery.store.js';
import { requeueOf, settlementOf } from './settlements.js';
import type { SentDelivery } from './slice-sender.js';

/** A database that restarts is back within seconds. Past the slice's lease the late answers still turn doubt into certainty. */
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000];

/** Writes a slice's outcomes: one transaction, so that a slice is settled whole or, by the reaper, in doubt whole. */
@Injectable()
export class Settler {
  private readonly logger = new Logger('delivery');

  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly addresses: Addresses,
  ) {}

  /** Only whoever closes the slice writes all of its outcomes, so a COMMIT whose answer was lost may simply be repeated. */
  async settle(lease: Lease, slice: Slice, sent: readonly SentDelivery[]): Promise<void> {
    for (const wait of [...RETRY_MS, undefined]) {
      try {
        return await this.database.transaction((tx) => this.write(tx, lease, slice, sent));
      } catch (error) {
        if (wait === undefined) throw error;
        this.logger.warn({ err: error, slice: slice.id, msg: 'settling failed, trying again' });
        await rest(wait);
      }
    }
  }

  private async write(tx: Transaction, lease: Lease, slice: Slice, sent: readonly SentDelivery[]): Promise<void> {
    const now = this.clock.forSql();
    const [closed] = await tx.query(closeSlice, { sliceId: slice.id });
    // Too late, or already written: what was queued again may be under way under another slice. Only what is known to have
    // arrived is still news, and makes of a doubt a certainty.
    if (!closed) {
      const arrived = sent.filter(({ outcome }) => outcome.state === 'sent');
      if (arrived.length > 0) await tx.query(settleDeliveries, settlementOf(lease.month, arrived, now));
      return;
    }
    await tx.query(settleDeliveries, settlementOf(lease.month, sent, now));
    const again = requeueOf(sent);
    if (again) await tx.query(requeueDeliveries, { month: lease.month, chunkId: lease.id, now, ...again });
    const dead = sent.flatMap((d) => d.deadTokens.map((token) => ({ token, userId: d.userId })));
    if (dead.length > 0) {
      await tx.query(deleteDeadTokens, { userIds: dead.map((d) => d.userId), tokens: dead.map((d) => d.token) });
    }
    for (const { deadAddress } of sent) {
      if (deadAddress) await this.addresses.suppress(tx, this.addresses.hash(deadAddress), deadAddress, 'hard_bounce');
    }
  }
}
