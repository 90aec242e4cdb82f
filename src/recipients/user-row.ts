import type { FieldError } from '../platform/errors/index.js';
import { isPlainObject, jsonText, rowFault } from '../platform/http/index.js';
import { parseDevice, type DeviceInput } from './device.js';
import { isMailAddress } from './email.js';
import { FieldReader, type Change } from './field-reader.js';
import { parseSubscription, type SubscriptionInput } from './subscription.js';

export const MAX_USER_ID = 255;
export const MAX_ATTRIBUTES = 100;
export const MAX_ATTRIBUTE_BYTES = 32 * 1024;
export const ATTRIBUTE_LIMIT_MESSAGE = `must come to at most ${MAX_ATTRIBUTES} keys and 32 KB, together with what is stored`;
const MAX_KEY = 255;
const MAX_PARTS = 100;

/** One row of a users batch; what is undefined is kept, what is null is cleared. */
export interface UserInput {
  userId: string;
  email: Change<string>;
  timezone: Change<string>;
  locale: Change<string>;
  createdAt: Date | undefined;
  /** A null under a key removes that key; null alone removes them all. */
  attributes: Change<Record<string, unknown>>;
  devices: DeviceInput[];
  subscriptions: SubscriptionInput[];
}

export type ParsedUser = { ok: true; user: UserInput } | { ok: false; path?: string; message: string };

/** Reads one row. A row is refused as a whole, with the first thing that is wrong in it. */
export function parseUserRow(row: unknown, now: Date): ParsedUser {
  const fault = rowFault(row);
  if (fault) return { ok: false, ...fault };
  const errors: FieldError[] = [];
  const fields = new FieldReader(row as Record<string, unknown>, '', errors);
  fields.required('userId');
  const user = {
    userId: fields.text('userId', MAX_USER_ID),
    email: fields.orNull('email', () => readEmail(fields)),
    timezone: fields.orNull('timezone', () => fields.zone('timezone')),
    locale: fields.orNull('locale', () => fields.locale('locale')),
    createdAt: fields.instant('createdAt', now),
    attributes: fields.orNull('attributes', () => readAttributes(fields)),
    devices: readList(fields, 'devices', (value, at) => parseDevice(value, at, now, errors)),
    subscriptions: readList(fields, 'subscriptions', (value, at) => parseSubscription(value, at, errors)),
  };
  fields.refuseOthers();
  return errors[0] ? { ok: false, ...errors[0] } : { ok: true, user: user as UserInput };
}

function readEmail(fields: FieldReader): string | undefined {
  const email = fields.raw('email');
  if (email === undefined) return undefined;
  return typeof email === 'string' && isMailAddress(email) ? email : fields.fail('email', 'must be a mail address');
}

function readAttributes(fields: FieldReader): Record<string, unknown> | undefined {
  const attributes = fields.raw('attributes');
  if (attributes === undefined) return undefined;
  if (!isPlainObject(attributes)) return fields.fail('attributes', 'must be an object');
  const keys = Object.keys(attributes);
  if (keys.some((key) => key === '' || key.length > MAX_KEY)) return fields.fail('attributes', `must have keys of 1 to ${MAX_KEY} characters`);
  const text = jsonText(attributes);
  if (text === undefined) return fields.fail('attributes', 'has a number out of range');
  // Only what this row sets can be judged here; the sum with what is stored is judged where it is stored.
  const set = keys.filter((key) => attributes[key] !== null).length;
  if (set > MAX_ATTRIBUTES || Buffer.byteLength(text) > MAX_ATTRIBUTE_BYTES) return fields.fail('attributes', ATTRIBUTE_LIMIT_MESSAGE);
  return attributes;
}

function readList<T>(fields: FieldReader, name: string, read: (value: unknown, at: string) => T | undefined): T[] {
  const list = fields.raw(name);
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length > MAX_PARTS) {
    fields.fail(name, `must be an array of at most ${MAX_PARTS}`);
    return [];
  }
  return list.flatMap((value, i) => read(value, `${name}[${i}]`) ?? []);
}
