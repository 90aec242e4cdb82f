import { Injectable } from '@nestjs/common';
import { FatiguePolicies, onChannel, quietAt, quietIntervals, type FatiguePolicy } from '../fatigue/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { WorkerDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { isZone, parseDuration } from '../platform/time/index.js';
import { SettingsService, type Settings } from '../settings/index.js';
import { claimVerdict, type ClaimRules, type Claimable, type ClaimedDevice } from './claim-check.js';
import {
  checkClaim, openSlice, readClaimable, reservePace, settleDeliveries, type ChunkCampaign, type Lease,
} from './delivery.store.js';
import { paceSpacingMs } from './retry.js';
import { settlementOf, type Settled } from './settlements.js';

/** A kill leaves at most so many messages in doubt for each chunk under way. */
const SLICE_SIZE = 100;
/** A throttled slice takes at most so long, so that pause and stop are heard in time. */
const PACED_SLICE_MS = 2_000;

export interface ClaimedDelivery {
  readonly row: Claimable;
  readonly devices: readonly ClaimedDevice[];
}

export interface Slice {
  readonly id: string;
  readonly campaign: ChunkCampaign;
  readonly lease: Lease;
  readonly deliveries: readonly ClaimedDelivery[];
  readonly settings: Settings;
  /** Of a throttled campaign: when the first request may leave (from now) and how far apart they are, in milliseconds. */
  readonly pace?: { readonly waitMs: number; readonly spacingMs: number };
  /** Monotonic milliseconds just before the claim began. */
  readonly claimedAt: number;
}

export type Claim = { kind: 'nothing' } | { kind: 'rest' } | { kind: 'again' } | { kind: 'slice'; slice: Slice };

const readNow = sqlFile<{ now: Date | null }, { now: Date }>(import.meta.url, './sql/read-now.sql');

/** The claim: a compare-and-set on the chunk's fence, a second look at every gate that may have changed, one committed slice. */
@Injectable()
export class Claims {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly settings: SettingsService,
    private readonly policies: FatiguePolicies,
  ) {}

  /** Any error, one on COMMIT included, means that nothing may be sent: the caller gives the chunk up and the reaper decides. */
  async next(lease: Lease, campaign: ChunkCampaign): Promise<Claim> {
    const settings = await this.settings.get();
    const { policy } = await this.policies.current();
    // Taken before the lease is: the worker must believe its claim to be older than it is, never younger.
    const claimedAt = this.clock.monotonic();
    const claim = await this.database.transaction((tx) => this.claim(tx, lease, campaign, settings, policy));
    return claim.kind === 'slice' ? { kind: 'slice', slice: { ...claim.slice, claimedAt } } : claim;
  }

  private async claim(tx: Transaction, lease: Lease, campaign: ChunkCampaign, settings: Settings, policy: FatiguePolicy): Promise<Claim> {
    const [held] = await tx.query(checkClaim, { chunkId: lease.id, fence: lease.fence });
    if (!held || held.stopped || !(held.kind === 'test' || ['scheduled', 'running'].includes(held.status))) return { kind: 'nothing' };
    const pace = campaign.kind === 'test' ? undefined : paceOf(campaign);
    const rows = await tx.query(readClaimable, { month: lease.month, chunkId: lease.id, size: pace?.size ?? SLICE_SIZE });
    if (rows.length === 0) return { kind: 'nothing' };
    const [instant] = await tx.query(readNow, { now: this.clock.forSql() });
    const rules = claimRules(instant!.now, campaign, settings, policy);
    const checked = rows.map((row) => ({ row, verdict: claimVerdict(row, rules) }));
    const refused = checked.flatMap(({ row, verdict }): Settled[] =>
      verdict.go ? [] : [{ userId: row.internalId, id: row.id, outcome: verdict }]);
    if (refused.length > 0) await tx.query(settleDeliveries, settlementOf(lease.month, refused, this.clock.forSql()));
    const deliveries = checked.flatMap(({ row, verdict }) => (verdict.go ? [{ row, devices: verdict.devices }] : []));
    if (deliveries.length === 0) return { kind: 'again' };
    return this.open(tx, lease, campaign, settings, deliveries, pace);
  }

  private async open(
    tx: Transaction, lease: Lease, campaign: ChunkCampaign, settings: Settings, deliveries: ClaimedDelivery[], pace: Pace | undefined,
  ): Promise<Claim> {
    let reserved: Slice['pace'];
    if (pace) {
      const [turn] = await tx.query(reservePace, { campaignId: lease.campaignId, size: deliveries.length, spacingMs: pace.spacingMs });
      if (!turn) return { kind: 'rest' };
      reserved = { waitMs: turn.waitMs, spacingMs: pace.spacingMs };
    }
    const [slice] = await tx.query(openSlice, {
      chunkId: lease.id, month: lease.month, campaignId: lease.campaignId, fence: lease.fence, size: deliveries.length,
      firstId: deliveries[0]!.row.id, lastId: deliveries.at(-1)!.row.id, leaseMs: this.config.env.SLICE_LEASE_MS,
    });
    const opened = { id: slice!.id, campaign, lease, deliveries, settings, claimedAt: 0 };
    return { kind: 'slice', slice: reserved ? { ...opened, pace: reserved } : opened };
  }
}

interface Pace {
  size: number;
  spacingMs: number;
}

function paceOf({ definition }: ChunkCampaign): Pace | undefined {
  if (definition.throttlePerMinute === undefined) return undefined;
  const spacingMs = paceSpacingMs(definition.throttlePerMinute);
  return { spacingMs, size: Math.min(SLICE_SIZE, Math.max(1, Math.floor(PACED_SLICE_MS / spacingMs))) };
}

function claimRules(now: Date, campaign: ChunkCampaign, settings: Settings, policy: FatiguePolicy): ClaimRules {
  const { channel, class: kind, onFatigue } = campaign.definition;
  const windows = onChannel(policy.quietHours, channel);
  const byZone = new Map<string, Date | null>();
  const quietUntil = (stored: string): Date | null => {
    const zone = isZone(stored) ? stored : settings.defaultTimezone;
    if (!byZone.has(zone)) {
      byZone.set(zone, quietAt(now, quietIntervals(windows, zone, now, new Date(now.getTime() + 1)))?.end ?? null);
    }
    return byZone.get(zone)!;
  };
  return {
    now, channel, quietUntil, marketing: kind === 'marketing', test: campaign.kind === 'test', defer: onFatigue === 'defer',
    optIn: settings.consent[channel] === 'optIn', staleAfterMs: parseDuration(settings.staleDeviceAfter)!,
    defaultZone: settings.defaultTimezone,
  };
}
