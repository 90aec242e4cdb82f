import { setTimeout as rest } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SENDERS, type Senders } from './senders.js';
import type { SendBudget, SendResult } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { failpoint } from '../platform/failpoints/index.js';
import { Random } from '../platform/random/index.js';
import type { ClaimedDevice } from './claim-check.js';
import { maxClaimAgeMs, type ClaimedDelivery, type Slice } from './claims.js';
import { outcomeOf, type Outcome } from './delivery-state.js';
import { MessageComposer, type ComposedMessage, type PushOfDevice } from './message-composer.js';
import { instantOf, type Pace } from './pace.js';
import { ProviderGate } from './provider-gate.js';
import { RateLimiter } from './rate-limiter.js';
import { retryDelayMs } from './retry.js';
import type { Settled } from './settlements.js';

export interface SentDelivery extends Settled {
  /** Tokens that the provider called gone. */
  readonly deadTokens: readonly string[];
  /** The mail address, where the provider said that it does not exist. */
  readonly deadAddress?: string;
  /** The mail address, where the provider would not take the mail for the mailbox's sake, to the last try, but may take another. */
  readonly bouncedAddress?: string;
}

/** How long a message rests that could not be made for a fault of ours (a database away): nothing of it has left. */
const FAULT_REST_MS = 2_000;

/** What an answer says of the mailbox. A refusal that is tried again says nothing yet. */
function addressOf(to: string, result: SendResult, { state }: Outcome): Pick<SentDelivery, 'deadAddress' | 'bouncedAddress'> {
  if (result.kind !== 'refused') return {};
  if (result.addressGone) return { deadAddress: to };
  return result.class === 'address' && state === 'failed' ? { bouncedAddress: to } : {};
}

function ended({ row }: ClaimedDelivery, outcome: Outcome): SentDelivery {
  return { userId: row.internalId, id: row.id, outcome, deadTokens: [] };
}

/** Renders and sends the members of one committed slice, each at most once for each device. */
@Injectable()
export class SliceSender {
  private readonly logger = new Logger('delivery');

  constructor(
    @Inject(SENDERS) private readonly senders: Senders,
    private readonly composer: MessageComposer,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly config: Config,
    private readonly gate: ProviderGate,
    private readonly limiter: RateLimiter,
  ) {}

  /** Never rejects: the fault of one message must not lose the answers to the others. */
  async send(slice: Slice): Promise<SentDelivery[]> {
    const turn = await this.turnOf(slice);
    if (turn > 0) return slice.deliveries.map((delivery) => ended(delivery, { state: 'queued', refused: false, delayMs: turn }));
    await this.composer.turn();
    return Promise.all(slice.deliveries.map((delivery, i) => this.sendOne(slice, delivery, i)));
  }

  /** Waits for the slice's turn under the provider's quota. @returns 0, or in how many milliseconds it should be tried again */
  private async turnOf({ deliveries, lease }: Slice): Promise<number> {
    if (lease.channel === 'email' || this.senders.modes.push === 'sandbox') return 0;
    const size = deliveries.reduce((sum, { devices }) => sum + devices.length, 0);
    try {
      const { waitMs, reserved } = await this.limiter.reserve(size);
      if (reserved && waitMs > 0) await rest(waitMs);
      return reserved ? 0 : waitMs;
    } catch (error) {
      this.logger.error({ err: error });
      return FAULT_REST_MS;
    }
  }

  private async sendOne(slice: Slice, delivery: ClaimedDelivery, index: number): Promise<SentDelivery> {
    let begun = false;
    try {
      const ready = await this.prepare(slice, delivery, index);
      if (!('ok' in ready)) return ready;
      begun = true;
      return await this.transmit(ready, slice, delivery, index);
    } catch (error) {
      this.logger.error({ err: error, campaign: slice.campaign.campaignId });
      return ended(delivery, begun ? { state: 'unknown' } : { state: 'queued', refused: false, delayMs: FAULT_REST_MS });
    }
  }

  /** Everything before the first byte. */
  private async prepare(slice: Slice, delivery: ClaimedDelivery, index: number): Promise<ComposedMessage | SentDelivery> {
    const message = await this.composer.compose(slice, delivery);
    if (!message.ok) {
      this.logger.debug({ msg: 'render error', error: message.error, campaign: slice.campaign.campaignId });
      return ended(delivery, { state: 'suppressed', reason: 'render_error' });
    }
    const inTime = slice.pace === undefined || (await this.turnCame(slice, slice.pace, index, Math.max(0, delivery.devices.length - 1)));
    return inTime && this.isYoung(slice) ? message : ended(delivery, { state: 'queued', refused: false, delayMs: 0 });
  }

  /** Waits for the message's first instant. Whether all of its requests will be in time: a message leaves for every device or not at all. */
  private async turnCame(slice: Slice, pace: Pace, index: number, lastDevice: number): Promise<boolean> {
    if (!(await this.instantCame(pace, instantOf(pace, index, 0)))) return false;
    return instantOf(pace, index, lastDevice) - slice.claimedAt < maxClaimAgeMs(this.config.env);
  }

  /** Waits for a reserved instant of a throttled campaign. false: it is too late for the pace. */
  private async instantCame({ slackMs }: Pace, instant: number): Promise<boolean> {
    const early = instant - this.clock.monotonic();
    if (early > 0) await rest(early);
    return this.clock.monotonic() <= instant + slackMs;
  }

  private isYoung({ claimedAt }: Slice): boolean {
    return this.clock.monotonic() - claimedAt < maxClaimAgeMs(this.config.env);
  }

  private async transmit(message: ComposedMessage, slice: Slice, { row, devices }: ClaimedDelivery, index: number): Promise<SentDelivery> {
    failpoint('send.before');
    const results = message.channel === 'email'
      ? [await this.senders.email.send(message.mail, this.budgetOf(slice, index, 0))]
      : await (slice.pace && devices.length > 1 ? this.pushPaced(message.push, devices, slice, slice.pace, index) : this.push(message.push, devices, slice, index));
    failpoint('send.answered');
    this.gate.note(message.channel, slice.campaign.campaignId, results);
    const delay = (attempts: number, retryAfter?: number): number => retryDelayMs(attempts, this.random.next(), retryAfter);
    const outcome = outcomeOf(results, row.attempts, delay, slice.campaign.definition.onDoubt);
    const gone = (result: SendResult | undefined): boolean => result?.kind === 'refused' && result.addressGone;
    return {
      userId: row.internalId, id: row.id, outcome,
      deadTokens: message.channel === 'push' ? devices.filter((_, i) => gone(results[i])).map((d) => d.token) : [],
      ...(message.channel === 'email' ? addressOf(message.mail.to, results[0]!, outcome) : {}),
    };
  }

  /**
   * Includes the wait for a connection: a request that would begin when the lease is nearly over is not begun. Nor is one of a throttled
   * campaign that would begin too long after its instant: all that waits behind a provider that stood still would leave at once.
   */
  private budgetOf(slice: Slice, index: number, device: number): SendBudget {
    const { pace, claimedAt } = slice;
    const claimEnds = claimedAt + maxClaimAgeMs(this.config.env);
    const latest = pace ? Math.min(claimEnds, instantOf(pace, index, device) + pace.slackMs) : claimEnds;
    const now = this.clock.monotonic();
    return { deadlineMs: claimedAt + this.config.env.SLICE_LEASE_MS - now, startMs: latest - now };
  }

  /** One request for each device. Nearly everybody has one: neither a list of promises nor a copy by spreading is made for it. */
  private async push(message: PushOfDevice, devices: readonly ClaimedDevice[], slice: Slice, index: number): Promise<SendResult[]> {
    const budget = this.budgetOf(slice, index, 0);
    return devices.length === 1 ? [await this.pushTo(message, devices[0]!, budget)] : Promise.all(devices.map((device) => this.pushTo(message, device, budget)));
  }

  /** Likewise, each at its instant. One that a standstill of ours makes too late when others have left already is not sent. */
  private pushPaced(message: PushOfDevice, devices: readonly ClaimedDevice[], slice: Slice, pace: Pace, index: number): Promise<SendResult[]> {
    return Promise.all(devices.map(async (device, i) => {
      const inTime = await this.instantCame(pace, instantOf(pace, index, i));
      return inTime && this.isYoung(slice) ? this.pushTo(message, device, this.budgetOf(slice, index, i)) : { kind: 'not_sent', code: 'LATE' };
    }));
  }

  private pushTo({ messageId, campaignId, content, expiresAt }: PushOfDevice, { token, platform }: ClaimedDevice, budget: SendBudget): Promise<SendResult> {
    return this.senders.push.send({ messageId, campaignId, token, platform, content, expiresAt }, budget);
  }
}
