import type { Clock } from '../../platform/clock/index.js';
import type { OutgoingPush, PushSender, SendBudget, SendResult } from '../channel-sender.js';
import type { FcmCredential } from './fcm-credential.js';
import { classifyFcmAnswer } from './fcm-errors.js';
import type { WireOutcome } from './fcm-exchange.js';
import { fcmBody, MAX_PUSH_PAYLOAD_BYTES, pushPayloadBytes } from './fcm-message.js';
import type { FcmBody } from './fcm-message.js';
import type { FcmWire } from './fcm-wire.js';

/** FCM asks clients to wait ten seconds at least before they give a request up. */
export const DEFAULT_PUSH_TIMEOUT_MS = 10_000;

export interface FcmPushSenderOptions {
  projectId: string;
  wire: FcmWire;
  credential: FcmCredential;
  clock: Clock;
  timeoutMs?: number;
}

/**
 * Refusal without a request: FCM would refuse it, and a 4xx counts against the project's quota.
 * @param text the body as JSON: what is small as a whole need not be measured part by part
 */
export function refuseOversize(body: FcmBody, text = JSON.stringify(body)): SendResult | undefined {
  if (Buffer.byteLength(text) <= MAX_PUSH_PAYLOAD_BYTES || pushPayloadBytes(body) <= MAX_PUSH_PAYLOAD_BYTES) return undefined;
  return { kind: 'refused', code: 'PAYLOAD_TOO_LARGE', permanent: true, addressGone: false, class: 'payload' };
}

/** Sends through FCM's HTTP v1 API: one call, at most one request. */
export class FcmPushSender implements PushSender {
  private readonly path: string;
  private readonly timeoutMs: number;

  constructor(private readonly options: FcmPushSenderOptions) {
    this.path = `/v1/projects/${encodeURIComponent(options.projectId)}/messages:send`;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_PUSH_TIMEOUT_MS;
  }

  async send(message: OutgoingPush, { deadlineMs = this.timeoutMs, startMs }: SendBudget = {}): Promise<SendResult> {
    const { clock, wire } = this.options;
    const started = clock.monotonic();
    const budget = Math.min(deadlineMs, this.timeoutMs);
    const body = fcmBody(message, clock.now());
    const text = JSON.stringify(body);
    const oversize = refuseOversize(body, text);
    if (oversize) return oversize;
    const header = this.authorization(budget);
    const authorization = typeof header === 'string' ? header : await header;
    if (authorization === undefined) return { kind: 'not_sent', code: 'CREDENTIAL' };
    const spent = clock.monotonic() - started;
    const timeoutMs = budget - spent;
    if (timeoutMs <= 0) return { kind: 'not_sent', code: 'DEADLINE' };
    return this.classify(await wire.send({ path: this.path, authorization, body: text, timeoutMs }, startMs === undefined ? timeoutMs : startMs - spent));
  }

  async close(): Promise<void> {
    await this.options.wire.close();
    await this.options.credential.close();
  }

  private classify(outcome: WireOutcome): SendResult {
    if (outcome.kind !== 'answer') return outcome;
    const result = classifyFcmAnswer(outcome, this.options.clock.now());
    if (outcome.status === 401 && result.kind === 'refused' && !result.permanent) this.options.credential.invalidate();
    return result;
  }

  /** The header, or undefined where it could not be had within the budget: nothing has been sent then. */
  private authorization(budgetMs: number): string | Promise<string | undefined> {
    const header = this.options.credential.authorization();
    return typeof header === 'string' ? header : within(header, budgetMs);
  }
}

async function within(header: Promise<string>, budgetMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), budgetMs)));
  try {
    return await Promise.race([header, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
