import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { Clock } from '../../platform/clock/index.js';
import type { EmailSender, OutgoingEmail, SendBudget, SendResult } from '../channel-sender.js';
import { mailHeader } from './mail-headers.js';
import type { MailHeader } from './mail-headers.js';
import { Slots } from './slots.js';
import { classifySmtpFailure } from './smtp-errors.js';
import type { SmtpFailure, SmtpStage } from './smtp-errors.js';
import type { SmtpServer } from './smtp-url.js';

/** Upper bound for one mail and for each of its steps; the library's own defaults reach to ten minutes. */
export const DEFAULT_EMAIL_TIMEOUT_MS = 15_000;
/** The knee of the measured throughput: 20 connections send three times as much as 5, 50 no more than 20. */
const DEFAULT_CONNECTIONS = 20;
/** What has to be signed: the library's default leaves out `List-Unsubscribe-Post`, which RFC 8058 4 wants covered. */
const DKIM_FIELDS =
  'From:Sender:Reply-To:Subject:Date:Message-ID:To:MIME-Version:Content-Type:Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe-Post';

export interface DkimOptions {
  domainName: string;
  keySelector: string;
  /** PEM. */
  privateKey: string;
}

export interface SmtpEmailSenderOptions {
  server: SmtpServer;
  /** `MAIL_FROM`: `a@b.c` or `Name <a@b.c>`. */
  from: string;
  clock: Clock;
  dkim?: DkimOptions | undefined;
  connections?: number;
  timeoutMs?: number;
}

/** What the library's stream hook gets, as far as it is used here. */
interface StreamHook {
  message: { createReadStream(options?: unknown): Readable };
}

/** Node's own answer to whether a byte of a stream was read. */
const didRead = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableDidRead')?.get as (this: Readable) => boolean;

/**
 * Keeps the message stream of one transaction: it is read from the server's 354 on, which is where doubt begins.
 * The library asks the same property whether it may give a mail to another connection, and would then drop the server's reply (a 421
 * say); it gets no answer here, so that every failure comes back as what it was.
 */
class BodyWatch {
  private stream?: Readable;

  /** The library asks for the stream when connection and login are done and the transaction begins. */
  get stage(): SmtpStage {
    if (!this.stream) return 'connecting';
    return didRead.call(this.stream) ? 'body' : 'envelope';
  }

  attach(hook: StreamHook): void {
    const create = hook.message.createReadStream.bind(hook.message);
    hook.message.createReadStream = (options) => {
      this.stream = create(options);
      return Object.defineProperty(this.stream, 'readableDidRead', { value: undefined });
    };
  }
}

function transportOptions(options: SmtpEmailSenderOptions, timeoutMs: number): Record<string, unknown> {
  const { dkim, server } = options;
  return {
    ...server,
    pool: true,
    maxConnections: options.connections ?? DEFAULT_CONNECTIONS,
    maxMessages: 1000,
    // The library's own answer to a lost connection is to send again.
    maxRequeues: 0,
    connectionTimeout: Math.min(timeoutMs, 10_000),
    greetingTimeout: Math.min(timeoutMs, 10_000),
    dnsTimeout: Math.min(timeoutMs, 10_000),
    socketTimeout: timeoutMs,
    // Below the minute after which common servers drop an idle client, so that none is dropped under a mail.
    idleTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(dkim ? { dkim: { ...dkim, headerFieldNames: DKIM_FIELDS } } : {}),
  };
}

/**
 * Sends through one SMTP server over a pool of connections: one call, at most one transaction, one recipient.
 * Mails wait here for a connection and not in the library's queue, so that one that ran out of time has provably not been sent.
 */
export class SmtpEmailSender implements EmailSender {
  private readonly transport;
  private readonly slots: Slots;
  private readonly timeoutMs: number;

  constructor(private readonly options: SmtpEmailSenderOptions) {
    this.timeoutMs = options.timeoutMs ?? DEFAULT_EMAIL_TIMEOUT_MS;
    this.transport = createTransport(transportOptions(options, this.timeoutMs));
    this.transport.use('stream', (mail, done) => {
      (mail.data as { watch?: BodyWatch }).watch?.attach(mail as unknown as StreamHook);
      done();
    });
    this.slots = new Slots(options.connections ?? DEFAULT_CONNECTIONS);
  }

  async send(mail: OutgoingEmail, { deadlineMs = this.timeoutMs, startMs = deadlineMs }: SendBudget = {}): Promise<SendResult> {
    const header = mailHeader(mail, this.options.from);
    if ('badField' in header) return refusedHeader(header.badField);
    const budget = Math.min(deadlineMs, this.timeoutMs);
    const started = this.options.clock.monotonic();
    const slot = await this.slots.take(Math.min(budget, startMs));
    if (slot !== 'taken') return { kind: 'not_sent', code: slot === 'closed' ? 'CLOSED' : 'NO_CONNECTION_IN_TIME' };
    const left = budget - (this.options.clock.monotonic() - started);
    try {
      return left > 0 ? await this.transact(mail, header, left) : { kind: 'not_sent', code: 'DEADLINE' };
    } finally {
      this.slots.give();
    }
  }

  /** Refuses what waits, lets mails under way end, closes the connections. */
  async close(): Promise<void> {
    await this.slots.close();
    this.transport.close();
  }

  private async transact(mail: OutgoingEmail, header: MailHeader, timeoutMs: number): Promise<SendResult> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    const watch = new BodyWatch();
    try {
      const info = await this.transport.sendMail({ ...this.envelope(mail, header), signal: deadline.signal, watch } as never);
      return accepted(info);
    } catch (error) {
      const failure: SmtpFailure = deadline.signal.aborted ? { code: 'TIMEOUT' } : (error as SmtpFailure);
      return classifySmtpFailure(failure, watch.stage);
    } finally {
      clearTimeout(timer);
    }
  }

  private envelope(mail: OutgoingEmail, header: MailHeader): Record<string, unknown> {
    const { html, text } = mail.content;
    return {
      envelope: { from: header.from.address, to: [header.to] },
      from: header.from,
      to: { name: '', address: header.to },
      subject: header.subject,
      ...(header.replyTo ? { replyTo: header.replyTo } : {}),
      messageId: header.messageId,
      date: this.options.clock.now(),
      headers: Object.fromEntries(
        // Prepared: encoding or folding would break the URL.
        Object.entries(header.extra).map(([name, value]) => [name, { prepared: true, value }]),
      ),
      html,
      text,
    };
  }
}

export function refusedHeader(field: string): SendResult {
  const cls = field === 'to' ? 'address' : 'payload';
  return { kind: 'refused', code: `BAD_HEADER_${field}`, permanent: true, addressGone: false, class: cls };
}

/** The server's own id of the message, where its last reply looks like `250 … queued as ID`. */
function accepted(info: unknown): SendResult {
  const response = (info as { response?: string }).response ?? '';
  const id = /queued as\s+<?([^\s<>]+)/i.exec(response)?.[1];
  return { kind: 'accepted', ...(id ? { providerId: id } : {}) };
}
