import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { SenderDatabase } from '../platform/database/index.js';
import { failpoint } from '../platform/failpoints/index.js';
import { Random } from '../platform/random/index.js';
import { Claims, type Slice } from './claims.js';
import { leaseChunk, readChunkCampaign, releaseChunk, renewChunk, type Lease } from './delivery.store.js';
import { Settler } from './settler.js';
import { SliceSender } from './slice-sender.js';

/** How long a chunk rests whose last rows stand under a dead worker's slice: without it the lease would go round and round. */
const COVERED_REST_MS = 1_000;
/** How long a chunk rests after a fault of ours. */
const FAULT_REST_MS = 2_000;

/** Leases a chunk and sends it slice by slice: claim (committed), send, settle. */
@Injectable()
export class ChunkWorker {
  private readonly logger = new Logger('delivery');
  private readonly owner: string;
  private stopping = false;

  constructor(
    private readonly database: SenderDatabase,
    private readonly clock: Clock,
    private readonly config: Config,
    random: Random,
    private readonly claims: Claims,
    private readonly sender: SliceSender,
    private readonly settler: Settler,
  ) {
    this.owner = `${process.pid}-${random.uuid().slice(0, 8)}`;
  }

  /** No further slice is claimed; what is under way is sent and settled. */
  stop(): void {
    this.stopping = true;
  }

  /**
   * Sends the next chunk. @param lane 0 for transactional and test messages alone, null for any.
   * @returns whether there was one to lease.
   */
  async work(lane: 0 | null): Promise<boolean> {
    if (this.stopping) return false;
    const leaseMs = this.config.env.CHUNK_LEASE_MS;
    const [lease] = await this.database.query(leaseChunk, { owner: this.owner, leaseMs, lane, now: this.clock.forSql() });
    if (!lease) return false;
    failpoint('chunk.leased');
    const renewal = setInterval(() => void this.renew(lease, leaseMs), leaseMs / 3);
    let restMs = 0;
    try {
      restMs = await this.sendChunk(lease);
    } catch (error) {
      // So that a chunk which cannot be sent is not the next one again, for ever, in front of all the others.
      restMs = FAULT_REST_MS;
      throw error;
    } finally {
      clearInterval(renewal);
      await this.release(lease, restMs);
    }
    return true;
  }

  /** @returns for how many milliseconds the chunk rests, should anything of it be left. */
  private async sendChunk(lease: Lease): Promise<number> {
    const [campaign] = await this.database.query(readChunkCampaign, { runId: lease.runId });
    while (!this.stopping) {
      const claim = await this.claims.next(lease, campaign!);
      if (claim.kind === 'nothing') return COVERED_REST_MS;
      if (claim.kind === 'rest') return claim.ms;
      await this.sendSlice(lease, claim.slice);
      if (claim.slice.last) return COVERED_REST_MS;
    }
    return 0;
  }

  private async sendSlice(lease: Lease, slice: Slice): Promise<void> {
    const sent = await this.sender.send(slice);
    await this.settler.settle(lease, slice, sent);
  }

  private async renew(lease: Lease, leaseMs: number): Promise<void> {
    try {
      const held = await this.database.query(renewChunk, { chunkId: lease.id, fence: lease.fence, leaseMs });
      if (held.length === 0) this.logger.warn({ msg: 'fence lost', chunk: lease.id, fence: lease.fence });
    } catch (error) {
      // The lease runs out by itself: the next claim finds the fence gone and sends nothing.
      this.logger.warn({ err: error, chunk: lease.id });
    }
  }

  private async release(lease: Lease, restMs: number): Promise<void> {
    try {
      await this.database.query(releaseChunk, { chunkId: lease.id, fence: lease.fence, restMs, now: this.clock.forSql() });
    } catch (error) {
      this.logger.warn({ err: error, chunk: lease.id });
    }
  }
}
