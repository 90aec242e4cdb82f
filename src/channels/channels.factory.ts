import type { Clock } from '../platform/clock/index.js';
import type { ChannelLog } from './channel-log.js';
import type { EmailSender, OutgoingEmail, OutgoingPush, PushSender, SendResult } from './channel-sender.js';
import { mailHeader } from './email/mail-headers.js';
import { refusedHeader, SmtpEmailSender } from './email/smtp-email-sender.js';
import type { DkimOptions } from './email/smtp-email-sender.js';
import { parseSmtpUrl } from './email/smtp-url.js';
import { createPushSender } from './push/create-push-sender.js';
import type { FcmSettings } from './push/create-push-sender.js';
import { fcmBody } from './push/fcm-message.js';
import { refuseOversize } from './push/fcm-push-sender.js';
import { Sandbox } from './sandbox/sandbox.js';

/** Where the sandbox's mails come from when nobody said. */
const SANDBOX_FROM = 'rapport@localhost';

export interface SmtpSettings {
  url?: string | undefined;
  /** `MAIL_FROM`. */
  from?: string | undefined;
  dkim?: DkimOptions | undefined;
  /** Connections at most. */
  connections?: number | undefined;
  timeoutMs?: number | undefined;
}

export interface ChannelSettings {
  fcm: FcmSettings;
  smtp: SmtpSettings;
  clock: Clock;
  log: ChannelLog;
}

export interface Senders {
  push: PushSender;
  email: EmailSender;
  /** Holds what went to a channel without settings; always there. */
  sandbox: Sandbox;
  modes: { push: 'fcm' | 'sandbox'; email: 'smtp' | 'sandbox' };
}

function createEmailSender(url: string, smtp: SmtpSettings, clock: Clock): EmailSender {
  if (!smtp.from) throw new Error('MAIL_FROM is missing: mail through SMTP_URL needs a sender');
  return new SmtpEmailSender({
    server: parseSmtpUrl(url),
    from: smtp.from,
    clock,
    dkim: smtp.dkim,
    ...(smtp.connections ? { connections: smtp.connections } : {}),
    ...(smtp.timeoutMs ? { timeoutMs: smtp.timeoutMs } : {}),
  });
}

function createSandbox(clock: Clock, from: string): Sandbox {
  return new Sandbox(clock, {
    push: (message: OutgoingPush): SendResult | undefined => refuseOversize(fcmBody(message, clock.now())),
    email: (message: OutgoingEmail): SendResult | undefined => {
      const header = mailHeader(message, from);
      return 'badField' in header ? refusedHeader(header.badField) : undefined;
    },
  });
}

/**
 * The senders that the settings ask for. Without a project or an endpoint push goes to the sandbox, without an SMTP URL mail does,
 * and the log says so. Nothing is contacted before the first send; closing is up to the caller.
 * @throws Error naming the setting that is wrong
 */
export function createSenders(settings: ChannelSettings): Senders {
  const { clock, fcm, log, smtp } = settings;
  const sandbox = createSandbox(clock, smtp.from ?? SANDBOX_FROM);
  const push = fcm.projectId || fcm.endpoint ? createPushSender(fcm, clock, log) : undefined;
  const email = smtp.url ? createEmailSender(smtp.url, smtp, clock) : undefined;
  if (!push) log.warn('push goes to the sandbox: neither FCM_PROJECT_ID nor FCM_ENDPOINT is set');
  if (!email) log.warn('mail goes to the sandbox: SMTP_URL is not set');
  return {
    push: push ?? sandbox.push,
    email: email ?? sandbox.email,
    sandbox,
    modes: { push: push ? 'fcm' : 'sandbox', email: email ? 'smtp' : 'sandbox' },
  };
}
