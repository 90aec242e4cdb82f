import { Injectable } from '@nestjs/common';
import { FatiguePolicies, onChannel, quietAt, quietIntervals, type FatiguePolicy } from '../fatigue/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { SenderDatabase, type Queryable } from '../platform/database/index.js';
import { PACE_SLACK_MS, isZone, paceSpacingMs, parseDuration } from '../platform/time/index.js';
import { SettingsService, type Settings } from '../settings/index.js';
import { claimVerdict, type ClaimRules, type Claimable, type ClaimedDevice } from './claim-check.js';
import { keepPace, openSlice, reservePace, trimSlice, type ChunkCampaign, type ClaimOfSlice, type Lease } from './delivery.store.js';
import { pacePlan, pacedRoom, pacedSpanMs, type Pace } from './pace.js';
import { ProviderGate } from './provider-gate.js';
import type { Settled } from './settlements.js';
import { MessageIds } from '../planning/index.js';

/** A kill leaves at most so many messages in doubt for each chunk under way. */
const SLICE_SIZE = 100;
/** How long a chunk rests that its campaign's throttle has no room for now. */
const PACE_REST_MS = 500;
/** A claim older than this when its request would leave is not sent: the kill switch is heard within 5 s, pause and opt-out with it. */
const MAX_CLAIM_AGE_MS = 4_500;

/**
 * How old a claim may be for its request still to leave: so young that the request ends before the slice's lease does. Else the
 * reaper would settle, and with it start the cap's window, while the provider has the message still to come.
 */
export function maxClaimAgeMs({ SLICE_LEASE_MS, REQUEST_TIMEOUT_MS }: { SLICE_LEASE_MS: number; REQUEST_TIMEOUT_MS: number }): number {
  return Math.min(MAX_CLAIM_AGE_MS, SLICE_LEASE_MS - REQUEST_TIMEOUT_MS);
}

export interface ClaimedDelivery {
  readonly row: Claimable;
  readonly devices: readonly ClaimedDevice[];
  /** What the provider and the app know it by. */
  readonly messageId: string;
}

export interface Slice {
  readonly id: string;
  readonly campaign: ChunkCampaign;
  readonly lease: Lease;
  readonly deliveries: readonly ClaimedDelivery[];
  /** Members that may not go after all: nothing of them leaves, and they are settled together with the others. */
  readonly refused: readonly Settled[];
  /** Fewer were left than asked for: the chunk has nothing more to claim. */
  readonly last: boolean;
  readonly settings: Settings;
  /** Of a throttled campaign: when its requests leave. */
  readonly pace?: Pace;
  /** Monotonic milliseconds just before the claim began. */
  readonly claimedAt: number;
}

export type Claim = { kind: 'nothing' } | { kind: 'rest'; ms: number } | { kind: 'slice'; slice: Slice };

/** The throttle has no room now: thrown, so that the slice that was opened is taken back with its transaction. */
class NoRoom extends Error {
  constructor(readonly leadMs: number) {
    super();
  }
}

/** The claim: a compare-and-set on the chunk's fence, one committed slice, a second look at every gate that may have changed. */
@Injectable()
export class Claims {
  constructor(
    private readonly database: SenderDatabase,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly settings: SettingsService,
    private readonly policies: FatiguePolicies,
    private readonly gate: ProviderGate,
    private readonly messageIds: MessageIds,
  ) {}

  /** Any error, one on COMMIT included, means that nothing may be sent: the caller gives the chunk up and the reaper decides. */
  async next(lease: Lease, campaign: ChunkCampaign): Promise<Claim> {
    // Not claimed is not tried: an outage uses up no attempts.
    const restMs = this.gate.restMs(lease.channel);
    if (restMs > 0) return { kind: 'rest', ms: restMs };
    const settings = await this.settings.get();
    // Taken before the lease is: the worker must believe its claim to be older than it is, never younger.
    const claimedAt = this.clock.monotonic();
    const perMinute = campaign.kind === 'test' ? undefined : campaign.definition.throttlePerMinute;
    try {
      const slice = perMinute !== undefined
        ? await this.claimPaced(lease, campaign, settings, paceSpacingMs(perMinute))
        : await this.claim(this.database, lease, campaign, settings, SLICE_SIZE);
      return slice ? { kind: 'slice', slice: { ...slice, claimedAt } } : { kind: 'nothing' };
    } catch (error) {
      if (error instanceof NoRoom) return { kind: 'rest', ms: await this.restFor(lease, error) };
      throw error;
    }
  }

  /** With the throttle: slice and reserved instants are one transaction. */
  private claimPaced(lease: Lease, campaign: ChunkCampaign, settings: Settings, spacingMs: number): Promise<OpenSlice | undefined> {
    const spanMs = pacedSpanMs(maxClaimAgeMs(this.config.env));
    return this.database.transaction(async (tx) => {
      const slice = await this.claim(tx, lease, campaign, settings, Math.min(SLICE_SIZE, pacedRoom(spacingMs, spanMs)));
      if (!slice || slice.deliveries.length === 0) return slice;
      // How many devices a user has is known only now.
      const plan = pacePlan(slice.deliveries.map(requestsOf), spacingMs, spanMs);
      const trimmed = await this.trim(tx, slice, plan.offsetsMs.length);
      const askedAt = this.clock.monotonic();
      const [turn] = await tx.query(reservePace, { campaignId: lease.campaignId, size: plan.requests, spacingMs, leadMs: plan.leadMs });
      if (!turn) throw new NoRoom(plan.leadMs);
      // When between the two the wait was measured nobody knows: the instant is taken as late as it may be, its slack ends as early.
      const heardAt = this.clock.monotonic();
      return { ...trimmed, pace: { ...plan, firstAt: heardAt + turn.waitMs, slackMs: PACE_SLACK_MS - (heardAt - askedAt) } };
    });
  }

  /** How long the chunk rests: a message that needs time free before it has it kept, and comes back when its turn is near. */
  private async restFor({ campaignId }: Lease, { leadMs }: NoRoom): Promise<number> {
    const [kept] = leadMs > 0 ? await this.database.query(keepPace, { campaignId, leadMs }) : [];
    return Math.max(PACE_REST_MS, kept?.restMs ?? 0);
  }

  /** Whom the throttle has no room for stays in the chunk as if not claimed: no requeue, which would make a chunk for each slice. */
  private async trim(tx: Queryable, slice: OpenSlice, messages: number): Promise<OpenSlice> {
    const next = slice.deliveries[messages];
    if (!next) return slice;
    const deliveries = slice.deliveries.slice(0, messages);
    const refused = slice.refused.filter(({ id }) => BigInt(id) < BigInt(next.row.id));
    await tx.query(trimSlice, { sliceId: slice.id, nextId: next.row.id, size: deliveries.length + refused.length });
    return { ...slice, deliveries, refused, last: false };
  }

  private async claim(
    on: Queryable, lease: Lease, campaign: ChunkCampaign, settings: Settings, size: number,
  ): Promise<OpenSlice | undefined> {
    const asked = this.gate.sliceSize(lease.channel, size);
    const rows = await on.query(openSlice, {
      chunkId: lease.id, month: lease.month, campaignId: lease.campaignId, fence: lease.fence, now: this.clock.forSql(),
      size: asked, leaseMs: this.config.env.SLICE_LEASE_MS,
    });
    if (rows.length === 0) return undefined;
    const first = rows[0] as ClaimOfSlice;
    // The version that is in force as of the claim; a version never changes and is kept.
    const { policy } = await this.policies.at(first.policyVersion);
    const rules = claimRules(first.now, campaign, settings, policy);
    const messageIds = this.messageIds.encodeAll(rows.map((row) => ({ month: lease.month, userId: row.internalId, id: row.id })));
    const checked = rows.map((row, i) => ({ row, messageId: messageIds[i]!, verdict: claimVerdict(row, rules) }));
    return {
      id: first.sliceId, campaign, lease, settings, last: rows.length < asked,
      deliveries: checked.flatMap(({ row, messageId, verdict }) => (verdict.go ? [{ row, messageId, devices: verdict.devices }] : [])),
      refused: checked.flatMap(({ row, verdict }) => (verdict.go ? [] : [{ userId: row.internalId, id: row.id, outcome: verdict }])),
    };
  }
}

type OpenSlice = Omit<Slice, 'claimedAt'>;

/** A request for each device; a mail is one. */
function requestsOf({ devices }: ClaimedDelivery): number {
  return Math.max(1, devices.length);
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
