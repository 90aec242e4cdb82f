export type { ChannelLog } from './channel-log.js';
export type {
  Accepted,
  Ambiguous,
  EmailSender,
  NotSent,
  OutgoingEmail,
  OutgoingPush,
  PushPlatform,
  PushSender,
  RefusalClass,
  Refused,
  RenderedEmail,
  RenderedPush,
  SendBudget,
  SendResult,
} from './channel-sender.js';
export { createSenders } from './channels.factory.js';
export type { ChannelSettings, Senders, SmtpSettings } from './channels.factory.js';
export { isAddress, parseMailbox } from './email/mail-headers.js';
export { DEFAULT_EMAIL_TIMEOUT_MS } from './email/smtp-email-sender.js';
export type { DkimOptions } from './email/smtp-email-sender.js';
export type { FcmSettings } from './push/create-push-sender.js';
export { fcmBody, fitsEverywhere, isReservedDataKey, MAX_PUSH_PAYLOAD_BYTES, pushPayloadBytes } from './push/fcm-message.js';
export { DEFAULT_PUSH_TIMEOUT_MS } from './push/fcm-push-sender.js';
export { maskToken, Sandbox } from './sandbox/sandbox.js';
export type { SandboxMessage, SandboxPage } from './sandbox/sandbox.js';
