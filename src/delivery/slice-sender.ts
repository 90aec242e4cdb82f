import { setTimeout as rest } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SENDERS, type Senders } from './senders.js';
import type { SendBudget, SendResult } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Config } from '../platform/config/index.js';
import { failpoint } from '../platform/failpoints/index.js';
import { Random } from '../platform/random/index.js';
import type { ClaimedDevice } from './claim-check.js';
import type { ClaimedDelivery, Slice } from './claims.js';
import { outcomeOf, type Outcome } from './delivery-state.js';
import { MessageComposer, type ComposedMessage, type PushOfDevice } from './message-composer.js';
import { ProviderGate } from './provider-gate.js';
import { RateLimiter } from './rate-limiter.js';
import { PACE_SLACK_MS, retryDelayMs } from './retry.js';
import type { Settled } from './settlements.js';

export interface SentDelivery extends Settled {
  /** Tokens that the provider called gone. */
  readonly deadTokens: readonly string[];
  /** The mail address, where the provider said that it does not exist. */
  readonly deadAddress?: string;
  /** The mail address, where the provider would not take the mail for the mailbox's sake, to the last try, but may take another. */
  readonly bouncedAddress?: string;
}

/** A claim older than this when its request would leave is not sent: the kill switch is heard within 5 s, pause and opt-out with it. */
const MAX_CLAIM_AGE_MS = 4_500;

/**
 * How old a claim may be for its request still to leave: so young that the request ends before the slice's lease does. Else the
 * reaper would settle, and with it start the cap's window, while the provider has the message still to come.
 */
export function maxClaimAgeMs({ SLICE_LEASE_MS, REQUEST_TIMEOUT_MS }: { SLICE_LEASE_MS: number; REQUEST_TIMEOUT_MS: number }): number {
  return Math.min(MAX_CLAIM_AGE_MS, SLICE_LEASE_MS - REQUEST_TIMEOUT_MS);
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
      return await this.transmit(ready, slice, delivery);
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
    const inTime = slice.pace === undefined || (await this.paceCame(slice, slice.pace, index));
    return inTime && this.ageOf(slice) < maxClaimAgeMs(this.config.env) ? message : ended(delivery, { state: 'queued', refused: false, delayMs: 0 });
  }

  /** Waits for the reserved instant of a throttled campaign. false: it is too late for the pace. */
  private async paceCame(slice: Slice, pace: NonNullable<Slice['pace']>, index: number): Promise<boolean> {
    const due = pace.waitMs + index * pace.spacingMs;
    if (due > this.ageOf(slice)) await rest(due - this.ageOf(slice));
    return this.ageOf(slice) <= due + PACE_SLACK_MS;
  }

  private ageOf(slice: Slice): number {
    return this.clock.monotonic() - slice.claimedAt;
  }

  private async transmit(message: ComposedMessage, slice: Slice, { row, devices }: ClaimedDelivery): Promise<SentDelivery> {
    failpoint('send.before');
    // Includes the wait for a connection: a request that would begin when the lease is nearly over is not begun.
    const age = this.ageOf(slice);
    const budget = { deadlineMs: this.config.env.SLICE_LEASE_MS - age, startMs: maxClaimAgeMs(this.config.env) - age };
    const results = message.channel === 'email'
      ? [await this.senders.email.send(message.mail, budget)]
      : await this.push(message.push, devices, budget);
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

  /** One request for each device. Nearly everybody has one: neither a list of promises nor a copy by spreading is made for it. */
  private async push({ messageId, campaignId, content, expiresAt }: PushOfDevice, devices: readonly ClaimedDevice[], budget: SendBudget): Promise<SendResult[]> {
    const sendTo = ({ token, platform }: ClaimedDevice): Promise<SendResult> =>
      this.senders.push.send({ messageId, campaignId, token, platform, content, expiresAt }, budget);
    return devices.length === 1 ? [await sendTo(devices[0]!)] : Promise.all(devices.map(sendTo));
  }
}
