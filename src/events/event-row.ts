import { isPlainObject, jsonText, rowFault } from '../platform/http/index.js';
import { INSTANT_MESSAGE, parseInstant } from '../platform/time/index.js';

/** An event as it came, ready to be stored. */
export interface EventInput {
  eventId: string;
  /** The client's own id. */
  userId: string;
  name: string;
  occurredAt: Date;
  /** Major units; a negative one is a refund. */
  value: number | null;
  currency: string | null;
  /** JSON text of an object. */
  properties: string | null;
}

export type ParsedEvent = { ok: true; event: EventInput } | { ok: false; path?: string; message: string };

const FIELDS = new Set(['eventId', 'userId', 'name', 'occurredAt', 'value', 'currency', 'properties']);
const MAX_TEXT = 255;
// 15 digits are what a double holds exactly; beyond, a sum of money would lie.
const MAX_VALUE = 1e15;
const MAX_PROPERTY_BYTES = 32 * 1024;
const AHEAD_MS = 24 * 3_600_000;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * Reads one row of a batch, by hand: a thousand rows a request leave no time for a validator class each.
 * An optional field that is null counts as absent.
 * @param now events later than 24 h from it are refused: no clock is that wrong, so they are mistakes.
 */
export function parseEventRow(row: unknown, now: Date): ParsedEvent {
  const fault = rowFault(row);
  if (fault) return { ok: false, ...fault };
  const source = row as Record<string, unknown>;
  for (const key of Object.keys(source)) if (!FIELDS.has(key)) return refused(key, `property ${key} should not exist`);
  for (const key of ['eventId', 'userId', 'name'] as const) {
    if (!isText(source[key])) return refused(key, `must be a text of 1 to ${MAX_TEXT} characters`);
  }
  const occurredAt = typeof source.occurredAt === 'string' ? parseInstant(source.occurredAt) : undefined;
  if (!occurredAt) return refused('occurredAt', INSTANT_MESSAGE);
  if (occurredAt.getTime() > now.getTime() + AHEAD_MS) return refused('occurredAt', 'must not lie more than 24 h in the future');
  const { value = null, currency = null } = source;
  if (value !== null && !isAmount(value)) return refused('value', 'must be a finite number below 1e15');
  if (currency !== null && !(typeof currency === 'string' && CURRENCY.test(currency))) {
    return refused('currency', 'must be three capital letters of ISO 4217 such as EUR');
  }
  const properties = readProperties(source.properties ?? null);
  if (typeof properties === 'object' && properties !== null) return { ok: false, ...properties };
  const { eventId, userId, name } = source as { eventId: string; userId: string; name: string };
  return { ok: true, event: { eventId, userId, name, occurredAt, value: value as number | null, currency: currency as string | null, properties } };
}

/** @returns the JSON text, null for none, or what is wrong. */
function readProperties(properties: unknown): string | null | { path: string; message: string } {
  if (properties === null) return null;
  if (!isPlainObject(properties)) return { path: 'properties', message: 'must be an object' };
  const text = jsonText(properties);
  if (text === undefined) return { path: 'properties', message: 'has a number out of range' };
  return Buffer.byteLength(text) <= MAX_PROPERTY_BYTES ? text : { path: 'properties', message: 'must come to at most 32 KB' };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_TEXT;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) < MAX_VALUE;
}

function refused(path: string, message: string): ParsedEvent {
  return { ok: false, path, message };
}
