import { FCM_BLOCKS, checkFcmBlock, isPlainObject, reservedDataKey, type Json } from './fcm-fields.js';
import { canonicalLocale } from './locale-fallback.js';
import { mailDomain } from './mail-address.js';
import { MAX_MISTAKES, type Mistake } from './mistake.js';
import type { FieldKind } from './output-mode.js';
import { MAX_LENGTH, TEXT_FIELDS, schemesOf, sourceFields, type TemplateChannel } from './template-fields.js';
import { scanSource } from './template-limits.js';
import { addressFault } from './url-rules.js';

export interface ContentRules {
  readonly mailFromDomains: readonly string[];
  /** The check of one text that passed the scan: parser, allow-list, places of its variables. */
  readonly checkTemplate: (source: string, kind: FieldKind, path: string) => Mistake[];
}

const MAX_LOCALES = 50;
/** Of all texts together: parsing is linear, and this much of it takes up to 0.4 s, in a thread. */
const MAX_TOTAL = 512 * 1024;
const MAX_TEXTS = 500;
const MAX_VALUES = 2_000;
const FLAGS = new Set(['dataOnly']);

/**
 * Everything wrong with the content of a template, each mistake with its path (`content.en.title`). What is too large to look at is
 * refused before anything is parsed.
 */
export function checkContent(channel: TemplateChannel, content: unknown, rules: ContentRules): Mistake[] {
  if (!isPlainObject(content)) return [{ path: 'content', message: 'must be an object from locale to content' }];
  const locales = Object.keys(content);
  if (locales.length === 0) return [{ path: 'content', message: 'must have at least one locale' }];
  if (locales.length > MAX_LOCALES) return [{ path: 'content', message: `must have at most ${MAX_LOCALES} locales` }];
  if (countValues(content) > MAX_VALUES) return [{ path: 'content', message: `must have at most ${MAX_VALUES} values` }];
  const shape = [...checkLocales(locales), ...locales.flatMap((locale) => checkLocale(channel, content[locale], `content.${locale}`, rules))];
  const texts = locales.flatMap((locale) => textsOf(channel, content[locale], `content.${locale}`));
  const scan = checkSizes(texts);
  const templates = scan.length > 0 ? scan : texts.flatMap((text) => rules.checkTemplate(text.source, text.kind, text.path));
  return [...shape, ...templates].slice(0, MAX_MISTAKES);
}

/** Gives up one above the limit, so that the size of a hostile body does not matter. */
function countValues(content: Json): number {
  let count = 0;
  const open: unknown[] = [content];
  while (open.length > 0 && count <= MAX_VALUES) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) {
      count++;
      continue;
    }
    const keys = Object.keys(value);
    if (keys.length > MAX_VALUES) return keys.length;
    for (const key of keys) open.push((value as Json)[key]);
  }
  return count;
}

interface Text {
  readonly path: string;
  readonly name: string;
  readonly source: string;
  readonly kind: FieldKind;
}

function textsOf(channel: TemplateChannel, content: unknown, path: string): Text[] {
  if (!isPlainObject(content)) return [];
  return sourceFields(channel, content).map((field) => ({ ...field, path: `${path}.${field.name}` }));
}

function checkSizes(texts: Text[]): Mistake[] {
  if (texts.length > MAX_TEXTS) return [{ path: 'content', message: `must have at most ${MAX_TEXTS} texts` }];
  const total = texts.reduce((sum, text) => sum + text.source.length, 0);
  const tooLarge = total > MAX_TOTAL ? [{ path: 'content', message: `must have at most ${MAX_TOTAL / 1024} KB of text in all` }] : [];
  return [...tooLarge, ...texts.flatMap((text) => scanSource(text.source, text.path))];
}

function checkLocales(locales: string[]): Mistake[] {
  const seen = new Map<string, string>();
  return locales.flatMap((locale) => {
    const canonical = canonicalLocale(locale);
    if (canonical === undefined) return [{ path: `content.${locale.slice(0, 64)}`, message: 'is not a locale such as en or de-CH' }];
    const twin = seen.get(canonical);
    seen.set(canonical, locale);
    return twin === undefined ? [] : [{ path: `content.${locale}`, message: `is the same locale as ${twin}` }];
  });
}

function checkLocale(channel: TemplateChannel, content: unknown, path: string, rules: ContentRules): Mistake[] {
  if (!isPlainObject(content)) return [{ path, message: 'must be an object' }];
  const fields = TEXT_FIELDS[channel];
  const own = new Set<string>([...Object.keys(fields), ...(channel === 'push' ? ['data', ...FLAGS, ...FCM_BLOCKS] : [])]);
  const unknown = Object.keys(content).filter((key) => !own.has(key)).map((key) => ({ path: `${path}.${key}`, message: `is not a field of ${channel} content` }));
  const texts = Object.keys(fields).flatMap((name) => checkText(content[name], name, fields[name]!, `${path}.${name}`));
  return [...unknown, ...texts, ...(channel === 'push' ? checkPush(content, path) : checkEmail(content, path, rules))];
}

function checkText(value: unknown, name: string, kind: FieldKind, path: string): Mistake[] {
  if (value === undefined) return [];
  if (typeof value !== 'string') return [{ path, message: 'must be text' }];
  if (value.trim() === '') return [{ path, message: 'must not be empty' }];
  if (kind === 'header' && /[\r\n\0\u0085\u2028\u2029]/.test(value)) return [{ path, message: 'must stand on one line' }];
  if (value.includes('{{')) return [];
  const max = MAX_LENGTH[name];
  if (max !== undefined && [...value].length > max) return [{ path, message: `must have at most ${max} characters` }];
  const fault = kind === 'url' ? addressFault(value, schemesOf(name)) : undefined;
  return fault ? [{ path, message: fault }] : [];
}

function required(content: Json, names: string[], path: string): Mistake[] {
  return names.filter((name) => content[name] === undefined).map((name) => ({ path: `${path}.${name}`, message: 'is required' }));
}

function checkPush(content: Json, path: string): Mistake[] {
  const { dataOnly, data } = content;
  const flag = dataOnly !== undefined && typeof dataOnly !== 'boolean' ? [{ path: `${path}.dataOnly`, message: 'must be true or false' }] : [];
  const blocks = FCM_BLOCKS.flatMap((name) => (content[name] === undefined ? [] : checkFcmBlock(name, content[name], `${path}.${name}`)));
  return [...(dataOnly === true ? [] : required(content, ['title', 'body'], path)), ...flag, ...checkData(data, `${path}.data`), ...blocks];
}

function checkData(data: unknown, path: string): Mistake[] {
  if (data === undefined) return [];
  if (!isPlainObject(data)) return [{ path, message: 'must be an object' }];
  return Object.entries(data).flatMap(([key, value]) => {
    const reserved = reservedDataKey(key);
    if (reserved) return [{ path: `${path}.${key}`, message: reserved }];
    return value === null ? [{ path: `${path}.${key}`, message: 'must not be null' }] : [];
  });
}

function checkEmail(content: Json, path: string, rules: ContentRules): Mistake[] {
  const { from, replyTo } = content;
  const mistakes = required(content, ['subject', 'html'], path);
  if (typeof from === 'string') mistakes.push(...checkFrom(from, `${path}.from`, rules.mailFromDomains));
  if (typeof replyTo === 'string' && !replyTo.includes('{{') && mailDomain(replyTo) === undefined) {
    mistakes.push({ path: `${path}.replyTo`, message: 'must be a mail address' });
  }
  return mistakes;
}

/** The sender is nobody's attribute: its domain must be one whose mail this server signs. */
function checkFrom(from: string, path: string, domains: readonly string[]): Mistake[] {
  if (from.includes('{{')) return [{ path, message: 'must not have variables' }];
  const domain = mailDomain(from);
  if (domain === undefined) return [{ path, message: 'must be a mail address' }];
  if (domains.includes(domain)) return [];
  const allowed = domains.length > 0 ? domains.join(', ') : 'none at the moment';
  return [{ path, message: `must be an address in one of MAIL_FROM_DOMAINS (${allowed})` }];
}
