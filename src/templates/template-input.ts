import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync } from 'class-validator';
import { invalid, type FieldError } from '../platform/errors/index.js';
import { flatten } from '../platform/http/index.js';
import { isPlainObject, type Json } from './fcm-fields.js';
import { canonicalLocale } from './locale-fallback.js';
import { checkContent } from './template-content.js';
import { checkTemplate } from './template-compiler.js';
import type { TemplateChannel } from './template-fields.js';
import { TemplateChange, TemplateEnvelope } from './templates.dto.js';

export interface NewTemplate {
  readonly key: string;
  readonly channel: TemplateChannel;
  readonly content: Json;
  readonly defaultLocale: string;
  readonly tags: string[];
}

export interface NewVersion {
  readonly content: Json;
  readonly defaultLocale: string;
  /** null keeps what there is. */
  readonly tags: string[] | null;
}

/** What a change is made to. */
export interface Present {
  readonly key: string;
  readonly channel: TemplateChannel;
  readonly defaultLocale: string;
}

/** The body of POST. @throws Problem 400 naming every mistake, in the envelope and in the content alike. */
export function readNewTemplate(body: unknown, mailFromDomains: readonly string[]): NewTemplate {
  const { envelope, content, errors } = readEnvelope(TemplateEnvelope, body);
  const { channel, defaultLocale, key, tags = [] } = envelope;
  if (channel === 'push' || channel === 'email') errors.push(...contentErrors(channel, content, defaultLocale, mailFromDomains));
  else if (!isPlainObject(content)) errors.push({ path: 'content', message: 'must be an object from locale to content' });
  if (errors.length > 0) throw invalid(errors);
  return { key, channel, content: content as Json, defaultLocale, tags };
}

/** The body of PUT. @throws Problem 400 naming every mistake. */
export function readNewVersion(body: unknown, present: Present, mailFromDomains: readonly string[]): NewVersion {
  const { envelope, content, errors } = readEnvelope(TemplateChange, body);
  const { key, channel, defaultLocale = present.defaultLocale, tags } = envelope;
  if (key !== undefined && key !== present.key) errors.push({ path: 'key', message: 'key cannot be changed' });
  if (channel !== undefined && channel !== present.channel) errors.push({ path: 'channel', message: `channel cannot be changed from ${present.channel}` });
  errors.push(...contentErrors(present.channel, content, defaultLocale, mailFromDomains));
  if (errors.length > 0) throw invalid(errors);
  return { content: content as Json, defaultLocale, tags: tags ?? null };
}

function contentErrors(channel: TemplateChannel, content: unknown, defaultLocale: unknown, mailFromDomains: readonly string[]): FieldError[] {
  const errors: FieldError[] = checkContent(channel, content, { mailFromDomains, checkTemplate });
  const wanted = typeof defaultLocale === 'string' ? canonicalLocale(defaultLocale) : undefined;
  if (isPlainObject(content) && typeof defaultLocale === 'string') {
    const has = wanted !== undefined && Object.keys(content).some((locale) => canonicalLocale(locale) === wanted);
    if (!has) errors.push({ path: 'defaultLocale', message: 'defaultLocale must be one of the locales of content' });
  }
  return errors;
}

function readEnvelope<T extends object>(type: ClassConstructor<T>, body: unknown): { envelope: T; content: unknown; errors: FieldError[] } {
  if (!isPlainObject(body)) throw invalid([{ path: '', message: 'the body must be an object' }]);
  const { content, ...rest } = body;
  const envelope = plainToInstance(type, rest);
  const failed = validateSync(envelope, { whitelist: true, forbidNonWhitelisted: true, validationError: { target: false, value: false } });
  return { envelope, content, errors: failed.flatMap((error) => flatten(error, '')) };
}
