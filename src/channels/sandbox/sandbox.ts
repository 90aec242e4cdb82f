import type { Clock } from '../../platform/clock/index.js';
import type { EmailSender, OutgoingEmail, OutgoingPush, PushPlatform, PushSender, RenderedEmail, RenderedPush, SendResult } from '../channel-sender.js';

/** Messages kept; the oldest make room. */
const CAPACITY = 10_000;
/** Mails can be large: beyond this many characters the oldest go too, so that the sandbox cannot fill the memory. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

interface SandboxEntry {
  /** Position in the order of arrival, from 1. */
  id: string;
  messageId: string;
  acceptedAt: Date;
}

export interface SandboxPush extends SandboxEntry {
  channel: 'push';
  campaignId: string;
  platform: PushPlatform;
  /** First and last characters of the registration token. */
  token: string;
  expiresAt: Date;
  content: RenderedPush;
}

export interface SandboxEmail extends SandboxEntry {
  channel: 'email';
  to: string;
  listUnsubscribeUrl?: string;
  content: RenderedEmail;
}

export type SandboxMessage = SandboxPush | SandboxEmail;

export interface SandboxPage {
  data: SandboxMessage[];
  nextCursor: string | null;
}

/** A refusal that the real channel would make without asking its provider; the sandbox must not accept what would not go out. */
export interface SandboxChecks {
  push(message: OutgoingPush): SendResult | undefined;
  email(message: OutgoingEmail): SendResult | undefined;
}

/** Enough of a token to recognise it, not enough to send to it. */
export function maskToken(token: string): string {
  return token.length <= 16 ? `…${token.slice(-4)}` : `${token.slice(0, 6)}…${token.slice(-4)}`;
}

/** Stands in for a channel without settings: accepts, keeps the last messages in memory and shows them. */
export class Sandbox {
  /** A ring: message n lies at n modulo capacity. */
  private readonly ring: (SandboxMessage | undefined)[] = new Array<SandboxMessage | undefined>(CAPACITY);
  private readonly sizes: number[] = new Array<number>(CAPACITY).fill(0);
  private newest = 0;
  private oldest = 1;
  private characters = 0;

  constructor(
    private readonly clock: Clock,
    private readonly checks: SandboxChecks,
  ) {}

  readonly push: PushSender = {
    send: (message) => Promise.resolve(this.checks.push(message) ?? this.keepPush(message)),
    close: () => Promise.resolve(),
  };

  readonly email: EmailSender = {
    send: (message) => Promise.resolve(this.checks.email(message) ?? this.keepEmail(message)),
    close: () => Promise.resolve(),
  };

  /**
   * The kept messages, newest first. `cursor` is the `nextCursor` of the page before; what arrives meanwhile does not shift the pages.
   * @throws RangeError when the cursor is none of ours
   */
  list(limit: number, cursor?: string): SandboxPage {
    if (cursor !== undefined && !/^[1-9]\d{0,14}$/.test(cursor)) throw new RangeError('cursor is not one of this list');
    const from = Math.min(cursor === undefined ? this.newest : Number(cursor) - 1, this.newest);
    const data: SandboxMessage[] = [];
    let id = from;
    for (; id >= this.oldest && data.length < limit; id--) {
      const message = this.ring[id % CAPACITY];
      if (message) data.push(message);
    }
    return { data, nextCursor: id >= this.oldest && data.length > 0 ? String(id + 1) : null };
  }

  private keepPush(message: OutgoingPush): SendResult {
    const { messageId, campaignId, platform, content, expiresAt } = message;
    const entry = this.entry(messageId);
    this.keep({ ...entry, channel: 'push', campaignId, platform, token: maskToken(message.token), expiresAt, content });
    return { kind: 'accepted', providerId: `sandbox/${entry.id}` };
  }

  private keepEmail(message: OutgoingEmail): SendResult {
    const { messageId, to, content, listUnsubscribeUrl } = message;
    const entry = this.entry(messageId);
    this.keep({ ...entry, channel: 'email', to, ...(listUnsubscribeUrl ? { listUnsubscribeUrl } : {}), content });
    return { kind: 'accepted', providerId: `sandbox/${entry.id}` };
  }

  private entry(messageId: string): SandboxEntry {
    return { id: String(this.newest + 1), messageId, acceptedAt: this.clock.now() };
  }

  private keep(message: SandboxMessage): void {
    if (this.newest + 1 - this.oldest >= CAPACITY) this.forgetOldest();
    this.newest++;
    const size = JSON.stringify(message.content).length;
    this.ring[this.newest % CAPACITY] = message;
    this.sizes[this.newest % CAPACITY] = size;
    this.characters += size;
    while (this.characters > MAX_CHARACTERS && this.oldest < this.newest) this.forgetOldest();
  }

  private forgetOldest(): void {
    const at = this.oldest % CAPACITY;
    this.characters -= this.sizes[at] ?? 0;
    this.ring[at] = undefined;
    this.sizes[at] = 0;
    this.oldest++;
  }
}
