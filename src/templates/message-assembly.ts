import type { Json } from './fcm-fields.js';
import { mailBody, type MailLinks } from './mail-parts.js';
import type { RenderedEmail, RenderedPush } from './render-result.js';

/** A push out of its rendered fields. */
export function assemblePush(fields: Json): RenderedPush {
  const { data, title, body, imageUrl, ...rest } = fields;
  const texts = Object.fromEntries(Object.entries({ title, body, imageUrl }).filter(([, value]) => value !== undefined));
  const own = Object.fromEntries(Object.entries((data ?? {}) as Json).map(([key, value]) => [key, dataText(value)]));
  // FCM drops title and body of a message without notification, so what the app is to draw travels as data; its own keys win.
  if (fields['dataOnly']) return { ...rest, data: { ...texts, ...own } } as RenderedPush;
  return { ...texts, ...rest, ...(data === undefined ? {} : { data: own }) } as RenderedPush;
}

function dataText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * A mail out of its rendered fields.
 * @param footerLinks the links that marketing mail has to show; undefined for transactional mail.
 */
export function assembleEmail(fields: Json, locale: string, footerLinks: MailLinks | undefined): RenderedEmail {
  const { subject, preheader, html, text, fromName, from, replyTo } = fields as Partial<Record<string, string>>;
  const body = mailBody({ html: html!, text, preheader }, locale, footerLinks);
  const sender = Object.fromEntries(Object.entries({ fromName, from, replyTo }).filter(([, value]) => value !== undefined));
  return { subject: subject!, ...body, ...sender };
}
