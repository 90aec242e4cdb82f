import type { OutgoingEmail } from '../channel-sender.js';

/** A mailbox in parts, so that a display name is quoted by the mail library and never parsed again. */
export interface Mailbox {
  name: string;
  address: string;
}

/**
 * One address and nothing else: no list, group, comment, route or quoted local part, each of which parsers read differently.
 * The lengths are RFC 5321's (64 and 255).
 */
const ADDRESS = /^[^\s@,;:<>()[\]\\"\u0000-\u001f\u007f]{1,64}@[^\s@,;:<>()[\]\\"\u0000-\u001f\u007f]{1,255}$/;
/** CR, LF, NUL and their kin; a tab cannot end a line. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
/** A URL inside angle brackets: whatever could end them or the line is refused. */
const HEADER_URL = /^https?:\/\/[\u0021\u0023-\u003b\u003d\u003f-\u007e]+$/;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Whether a text would end its header line or hide what follows it. */
export function breaksHeader(text: string): boolean {
  return CONTROL.test(text);
}

/** Reads `a@b.c` or `Name <a@b.c>`; undefined where it is neither. */
export function parseMailbox(text: string): Mailbox | undefined {
  if (breaksHeader(text)) return undefined;
  const named = /^([^<>]*)<([^<>]+)>$/.exec(text.trim());
  const address = (named?.[2] ?? text).trim();
  const name = (named?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1');
  return isAddress(address) ? { name, address } : undefined;
}

/** The header of one mail, ready for the mail library. */
export interface MailHeader {
  from: Mailbox;
  to: string;
  subject: string;
  replyTo?: Mailbox;
  messageId: string;
  extra: Record<string, string>;
}

/** Which field cannot stand in a header. */
export interface BadHeader {
  badField: 'to' | 'from' | 'fromName' | 'replyTo' | 'subject' | 'listUnsubscribeUrl' | 'messageId';
}

function extraHeaders(url: string | undefined): Record<string, string> {
  if (url === undefined) return {};
  return { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}

function senderOf(mail: OutgoingEmail, defaultFrom: string): Mailbox | BadHeader {
  const from = parseMailbox(mail.content.from ?? defaultFrom);
  if (!from) return { badField: 'from' };
  const name = mail.content.fromName ?? from.name;
  return breaksHeader(name) ? { badField: 'fromName' } : { name, address: from.address };
}

/**
 * Builds the header, or names the field that would break it: a template may carry a person's data into it, and a line break there
 * would write headers of somebody else's choice, or recipients.
 */
export function mailHeader(mail: OutgoingEmail, defaultFrom: string): MailHeader | BadHeader {
  const { content } = mail;
  const from = senderOf(mail, defaultFrom);
  if ('badField' in from) return from;
  if (!isAddress(mail.to)) return { badField: 'to' };
  if (breaksHeader(content.subject)) return { badField: 'subject' };
  if (!/^[A-Za-z0-9._~-]{1,128}$/.test(mail.messageId)) return { badField: 'messageId' };
  const replyTo = content.replyTo === undefined ? undefined : parseMailbox(content.replyTo);
  if (content.replyTo !== undefined && !replyTo) return { badField: 'replyTo' };
  const url = mail.listUnsubscribeUrl;
  if (url !== undefined && !HEADER_URL.test(url)) return { badField: 'listUnsubscribeUrl' };
  const domain = from.address.slice(from.address.indexOf('@') + 1);
  return {
    from,
    to: mail.to,
    subject: content.subject,
    ...(replyTo ? { replyTo } : {}),
    messageId: `<${mail.messageId}@${domain}>`,
    extra: extraHeaders(url),
  };
}
