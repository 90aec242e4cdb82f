import { createHash } from 'node:crypto';
import { isPlainObject } from '../platform/http/index.js';
import { parseInstant } from '../platform/time/index.js';

export interface TransactionContext {
  purchaseEvent: string;
  /** SHA-256 of the file as it was sent. */
  fileHash: string;
  /** Place of the row in the file. */
  record: number;
}

const FIELDS = new Set(['user', 'time', 'value', 'currency', 'id']);
const FIELD_OF: Readonly<Record<string, string>> = { userId: 'user', occurredAt: 'time', eventId: 'id' };
const DAY = /^(\d{4})-?(\d{2})-?(\d{2})$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?$/;

/** A purchase as an event row, for the very same checks. What is no object or has a field too many is left for them to refuse. */
export function toPurchase(row: unknown, { purchaseEvent, fileHash, record }: TransactionContext): unknown {
  if (!isPlainObject(row)) return row;
  const { user, time, value, currency, id } = row;
  const surplus = Object.fromEntries(Object.entries(row).filter(([field]) => !FIELDS.has(field)));
  return {
    ...surplus, userId: user, name: purchaseEvent, occurredAt: typeof time === 'string' ? logTime(time) : time,
    // A purchase without an amount is a mistake in the mapping, not a purchase for nothing.
    value: value ?? 'missing', currency: currency ?? null,
    // The same file again gives the same ids, and so counts once.
    eventId: id ?? `row-${createHash('sha256').update(`${fileHash} ${record}`).digest('hex').slice(0, 40)}`,
  };
}

/** The name of an event row's field in a transactions file. */
export function transactionPath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : FIELD_OF[path] ?? path;
}

/** Times as logs write them: a date (1997-01-31, 19970131) or a time without a zone is UTC. Anything else stays as it is. */
export function logTime(text: string): string {
  const trimmed = text.trim();
  const day = DAY.exec(trimmed);
  if (day) return `${day[1]}-${day[2]}-${day[3]}T00:00:00Z`;
  const local = LOCAL.exec(trimmed);
  if (local) return `${local[1]}T${local[2]}${local[3] ?? ':00'}Z`;
  return parseInstant(trimmed) ? trimmed : text;
}
