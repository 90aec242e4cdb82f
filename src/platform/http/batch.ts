import { invalid, type FieldError } from '../errors/index.js';
import { unstorableText } from './storable-text.js';

/** A row of a batch that was not taken, by its place in the request. */
export interface RejectedRow {
  index: number;
  path?: string;
  message: string;
}

/**
 * The rows of a batch body `{[field]: [row…]}`. What stands in a row is the caller's to judge: a bad row never costs a good one.
 * @throws Problem 400 if the envelope itself is wrong.
 */
export function batchRows(body: unknown, field: string, max: number): unknown[] {
  const errors: FieldError[] = [];
  if (!isPlainObject(body)) throw invalid([{ path: field, message: `the body must be an object with the array ${field}` }]);
  for (const key of Object.keys(body)) if (key !== field) errors.push({ path: key.toWellFormed(), message: `property ${key.toWellFormed()} should not exist` });
  const rows = Object.hasOwn(body, field) ? body[field] : undefined;
  if (!Array.isArray(rows)) errors.push({ path: field, message: 'must be an array' });
  else if (rows.length > max) errors.push({ path: field, message: `must have at most ${max} rows` });
  if (errors.length > 0) throw invalid(errors);
  return rows as unknown[];
}

/** Why a row cannot be looked into at all: no object, or text that nothing can store. */
export function rowFault(row: unknown): { path?: string; message: string } | undefined {
  if (!isPlainObject(row)) return { message: 'must be an object' };
  const [fault] = unstorableText(row, '');
  return fault && (fault.path === '' ? { message: fault.message } : fault);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
