import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync } from 'class-validator';
import { invalid, type FieldError } from '../platform/errors/index.js';
import { flatten } from '../platform/http/index.js';
import { isPlainObject, type Json } from './fcm-fields.js';
import { canonicalLocale } from './locale-fallback.js';
import type { Mistake } from './mistake.js';
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

/** Everything wrong with a content. */
export type ContentCheck = (channel: TemplateChannel, content: unknown) => Promise<Mistake[]>;

/** The body of POST. @throws Problem 400 naming every mistake, in the envelope and in the content alike. */
export async function readNewTemplate(body: unknown, check: ContentCheck): Promise<NewTemplate> {
  const { envelope, content, errors } = readEnvelope(TemplateEnvelope, body);
  const { channel, defaultLocale, key, tags = [] } = envelope;
  if (channel === 'push' || channel === 'email') errors.push(...(await contentErrors(channel, content, defaultLocale, check)));
  else if (!isPlainObject(content)) errors.push({ path: 'content', message: 'must be an object from locale to content' });
  if (errors.length > 0) throw invalid(errors);
  return { key, channel, content: content as Json, defaultLocale, tags };
}

/** The body of PUT. @throws Problem 400 naming every mistake. */
export async function readNewVersion(body: unknown, present: Present, check: ContentCheck): Promise<NewVersion> {
  const { envelope, content, errors } = readEnvelope(TemplateChange, body);
  const { key, channel, defaultLocale = present.defaultLocale, tags } = envelope;
  if (key !== undefined && key !== present.key) errors.push({ path: 'key', message: 'key cannot be changed' });
  if (channel !== undefined && channel !== present.channel) errors.push({ path: 'channel', message: `channel cannot be changed from ${present.channel}` });
  errors.push(...(await contentErrors(present.channel, content, defaultLocale, check)));
  if (errors.length > 0) throw invalid(errors);
  return { content: content as Json, defaultLocale, tags: tags ?? null };
}

async function contentErrors(channel: TemplateChannel, content: unknown, defaultLocale: unknown, check: ContentCheck): Promise<FieldError[]> {
  const errors: FieldError[] = await check(channel, content);
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
