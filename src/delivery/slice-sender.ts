import { setTimeout as rest } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SENDERS, type Senders } from './senders.js';
import type { SendResult } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Random } from '../platform/random/index.js';
import type { ClaimedDelivery, Slice } from './claims.js';
import { outcomeOf, type Outcome } from './delivery-state.js';
import { MessageComposer, type ComposedMessage } from './message-composer.js';
import { PACE_SLACK_MS, retryDelayMs } from './retry.js';
import type { Settled } from './settlements.js';

export interface SentDelivery extends Settled {
  /** Tokens that the provider called gone. */
  readonly deadTokens: readonly string[];
  /** The mail address, where the provider said that it does not exist. */
  readonly deadAddress?: string;
}

/** A claim older than this when its request would leave is not sent: pause, opt-out and stop must be heard within 20 s. */
const MAX_CLAIM_AGE_MS = 15_000;

/** Renders and sends the members of one committed slice, each at most once for each device. */
@Injectable()
export class SliceSender {
  private readonly logger = new Logger('delivery');

  constructor(
    @Inject(SENDERS) private readonly senders: Senders,
    private readonly composer: MessageComposer,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  send(slice: Slice): Promise<SentDelivery[]> {
    return Promise.all(slice.deliveries.map((delivery, i) => this.sendOne(slice, delivery, i)));
  }

  private async sendOne(slice: Slice, delivery: ClaimedDelivery, index: number): Promise<SentDelivery> {
    const { row } = delivery;
    const ending = (outcome: Outcome): SentDelivery => ({ userId: row.internalId, id: row.id, outcome, deadTokens: [] });
    const message = await this.composer.compose(slice, delivery);
    if (!message.ok) {
      this.logger.debug({ msg: 'render error', error: message.error, campaign: slice.campaign.campaignId });
      return ending({ state: 'suppressed', reason: 'render_error' });
    }
    if (!(await this.turnCame(slice, index))) return ending({ state: 'queued', refused: false, delayMs: 0 });
    return this.transmit(message, delivery);
  }

  /** Waits for the reserved instant of a throttled campaign. false: it is too late, for the pace or for the claim. */
  private async turnCame(slice: Slice, index: number): Promise<boolean> {
    const age = (): number => this.clock.monotonic() - slice.claimedAt;
    if (slice.pace) {
      const due = slice.pace.waitMs + index * slice.pace.spacingMs;
      if (due > age()) await rest(due - age());
      if (age() > due + PACE_SLACK_MS) return false;
    }
    return age() < MAX_CLAIM_AGE_MS;
  }

  private async transmit(message: ComposedMessage, { row, devices }: ClaimedDelivery): Promise<SentDelivery> {
    const results = message.channel === 'email'
      ? [await this.senders.email.send(message.mail)]
      : await Promise.all(devices.map((device) => this.senders.push.send({ ...message.push, token: device.token, platform: device.platform })));
    const outcome = outcomeOf(results, row.attempts, (refusals, retryAfter) => retryDelayMs(refusals, this.random.next(), retryAfter));
    const gone = (result: SendResult | undefined): boolean => result?.kind === 'refused' && result.addressGone;
    return {
      userId: row.internalId, id: row.id, outcome,
      deadTokens: message.channel === 'push' ? devices.filter((_, i) => gone(results[i])).map((d) => d.token) : [],
      ...(message.channel === 'email' && gone(results[0]) ? { deadAddress: message.mail.to } : {}),
    };
  }
}
