import type { RenderedEmail, RenderedPush } from '../templates/index.js';

/**
 * The port through which delivery reaches the outside: one call is at most one wire request under one time-out. There is no
 * hidden retry behind it and it never throws for trouble at the provider, so that the caller can count what went out.
 */

export type { RenderedEmail, RenderedPush };

export type PushPlatform = 'android' | 'ios' | 'web';

export interface OutgoingPush {
  messageId: string;
  campaignId: string;
  /** FCM registration token, on every platform. */
  token: string;
  platform: PushPlatform;
  content: RenderedPush;
  /** The provider must not deliver after this instant. */
  expiresAt: Date;
}

export interface OutgoingEmail {
  messageId: string;
  to: string;
  content: RenderedEmail;
  /** RFC 8058 one-click address; present on marketing mail. */
  listUnsubscribeUrl?: string;
}

/** What a refusal is about: decides between dropping an address, halting a campaign, alarming and waiting. */
export type RefusalClass = 'address' | 'payload' | 'config' | 'quota' | 'server';

/** The provider took responsibility. */
export interface Accepted {
  kind: 'accepted';
  providerId?: string;
}

/** An explicit answer that the message was not taken. `permanent`: the same message would be refused again. */
export interface Refused {
  kind: 'refused';
  code: string;
  permanent: boolean;
  /** The token or mailbox exists no more: remove or suppress it. */
  addressGone: boolean;
  /** Milliseconds to wait at least, where the provider said so. */
  retryAfterMs?: number;
  class: RefusalClass;
}

/** Proof that the provider processed nothing: sending again can not double. */
export interface NotSent {
  kind: 'not_sent';
  code: string;
}

/** Sent or not, nobody knows: sending again may double. */
export interface Ambiguous {
  kind: 'ambiguous';
  code: string;
}

export type SendResult = Accepted | Refused | NotSent | Ambiguous;

/** How long a call may take, in milliseconds from now. */
export interface SendBudget {
  /** The whole call; the sender's own time-out is the upper bound. */
  readonly deadlineMs?: number;
  /** The wait for a connection: what could not begin by then is not sent. */
  readonly startMs?: number;
}

export interface PushSender {
  send(message: OutgoingPush, budget?: SendBudget): Promise<SendResult>;
  close(): Promise<void>;
}

export interface EmailSender {
  send(message: OutgoingEmail, budget?: SendBudget): Promise<SendResult>;
  close(): Promise<void>;
}
