import { Injectable, Logger } from '@nestjs/common';
import { CampaignLifecycle } from '../campaigns/index.js';
import type { SendResult } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { Metrics } from '../platform/telemetry/index.js';
import { CircuitBreaker, PROBE_SIZE, type Health } from './circuit-breaker.js';
import { RefusalWindow } from './refusal-window.js';

type Channel = 'push' | 'email';

/** Refusals that are about how the project is set up: somebody has to look, whatever the campaign. */
const ALARMS = new Set(['SENDER_ID_MISMATCH', 'THIRD_PARTY_AUTH_ERROR', 'PERMISSION_DENIED', 'CREDENTIAL']);
const ALARM_EVERY_MS = 10_000;
/** Campaigns whose last results are kept. */
const MAX_WINDOWS = 1_000;

/** What answers say about the provider and about the campaign: opens circuits, raises alarms, pauses a campaign that is all refused. */
@Injectable()
export class ProviderGate {
  private readonly logger = new Logger('providers');
  private readonly circuits: Record<Channel, CircuitBreaker> = { push: new CircuitBreaker(), email: new CircuitBreaker() };
  private readonly windows = new Map<string, RefusalWindow>();
  private readonly alarmedAt = new Map<string, number>();
  private readonly results;
  private readonly alarms;

  constructor(
    private readonly clock: Clock,
    private readonly lifecycle: CampaignLifecycle,
    metrics: Metrics,
  ) {
    this.results = metrics.counter('provider_results_total', 'Answers of providers', ['channel', 'kind', 'class']);
    this.alarms = metrics.counter('provider_alarms_total', 'Refusals that point at the set-up of the project', ['code']);
  }

  /** Milliseconds to leave the provider alone; 0 = go. */
  restMs(channel: Channel): number {
    return this.circuits[channel].restMs(this.clock.monotonic());
  }

  /** How large the next slice may be. */
  sliceSize(channel: Channel, full: number): number {
    return this.circuits[channel].probing ? Math.min(full, PROBE_SIZE) : full;
  }

  /** Takes note of a message's answers. */
  note(channel: Channel, campaignId: string, results: readonly SendResult[]): void {
    for (const result of results) {
      this.results.inc({ channel, kind: result.kind, class: result.kind === 'refused' ? result.class : '' });
      this.watch(channel, result);
      if ('code' in result && ALARMS.has(result.code)) this.alarm(channel, result.code);
      const reason = this.windowOf(campaignId).add(refusedAsSuch(result));
      if (reason) void this.pause(campaignId, reason);
    }
  }

  private watch(channel: Channel, result: SendResult): void {
    const asked = result.kind === 'refused' ? result.retryAfterMs : undefined;
    const health = healthOf(result);
    if (!this.circuits[channel].report(health, this.clock.monotonic(), asked)) return;
    this.logger.error({ msg: 'the provider is away: sending rests', channel, class: health, restMs: this.restMs(channel) });
  }

  private windowOf(campaignId: string): RefusalWindow {
    let window = this.windows.get(campaignId);
    if (!window) {
      // The oldest makes room: it is most likely over.
      if (this.windows.size >= MAX_WINDOWS) this.windows.delete(this.windows.keys().next().value!);
      this.windows.set(campaignId, (window = new RefusalWindow()));
    }
    return window;
  }

  private alarm(channel: Channel, code: string): void {
    this.alarms.inc({ code });
    const now = this.clock.monotonic();
    if (now - (this.alarmedAt.get(code) ?? -Infinity) < ALARM_EVERY_MS) return;
    this.alarmedAt.set(code, now);
    this.logger.error({ msg: 'refused for the set-up of the project, not for the message: look at its credentials', channel, code });
  }

  /** Pauses a campaign for what became of its messages. Never throws. */
  async pause(campaignId: string, reason: string): Promise<void> {
    try {
      await this.lifecycle.pause(campaignId, reason);
      this.logger.error({ msg: 'campaign paused itself', campaign: campaignId, reason });
    } catch (error) {
      // Already paused or over; or the database is away, and the next twenty refusals ask again.
      this.logger.warn({ err: error, campaign: campaignId });
    }
  }
}

/** The code of a refusal that the same message would get on any device of anybody. */
function refusedAsSuch(result: SendResult): string | null {
  return result.kind === 'refused' && result.permanent && (result.class === 'payload' || result.class === 'config') ? result.code : null;
}

function healthOf(result: SendResult): Health {
  if (result.kind === 'accepted') return 'well';
  if (result.kind === 'not_sent') return result.code === 'CREDENTIAL' ? 'config' : 'unreachable';
  if (result.kind === 'ambiguous') return 'server';
  if (result.permanent || result.class === 'address' || result.class === 'payload') return 'well';
  return result.class;
}
