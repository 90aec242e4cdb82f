import { INSTANT_MESSAGE, parseDuration, parseInstant } from '../../platform/time/index.js';
import { MAX_TEXT, textFault, type ObjectReader } from './reader.js';
import type { NumberTest, Scalar, ValueTest } from './types.js';

/** What a condition's left side may hold. */
export type ValueType = 'text' | 'number' | 'boolean' | 'time';

const MAX_LIST = 1_000;
const DURATION_MESSAGE = 'must be an ISO 8601 duration such as PT4H or P30D, longer than 0 and at most 100 years';

const OPERATORS: Record<ValueTest['op'], readonly ValueType[]> = {
  eq: ['text', 'number', 'boolean'], ne: ['text', 'number', 'boolean'],
  in: ['text', 'number', 'boolean'], notIn: ['text', 'number', 'boolean'],
  gt: ['text', 'number'], gte: ['text', 'number'], lt: ['text', 'number'], lte: ['text', 'number'],
  contains: ['text', 'number', 'boolean'], startsWith: ['text'],
  before: ['time'], after: ['time'], withinLast: ['time'], notWithinLast: ['time'],
  exists: ['text', 'number', 'boolean', 'time'], notExists: ['text', 'number', 'boolean', 'time'],
};
const NUMBER_OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn'] as const;

const PLACEHOLDER: ValueTest = { op: 'exists' };

/** Reads `op` and `value` of a test of a JSON value, a built-in field or a score. */
export function readValueTest(reader: ObjectReader, types: readonly ValueType[], only?: readonly ValueTest['op'][]): ValueTest {
  const op = reader.get('op');
  const known = Object.keys(OPERATORS).filter((name) =>
    OPERATORS[name as ValueTest['op']].some((type) => types.includes(type)) && (only?.includes(name as ValueTest['op']) ?? true));
  if (typeof op !== 'string' || !known.includes(op)) {
    reader.fail('op', `must be one of ${known.join(', ')}`);
    return PLACEHOLDER;
  }
  return readOperand(reader, op as ValueTest['op'], types);
}

function readOperand(reader: ObjectReader, op: ValueTest['op'], types: readonly ValueType[]): ValueTest {
  const fitting = OPERATORS[op].filter((type) => types.includes(type));
  switch (op) {
    case 'exists':
    case 'notExists':
      if (reader.has('value')) reader.fail('value', `is not taken by ${op}`);
      return { op };
    case 'before':
    case 'after':
      return { op, at: readInstant(reader, 'value') };
    case 'withinLast':
    case 'notWithinLast':
      return { op, ms: readDuration(reader, 'value') };
    case 'in':
    case 'notIn':
      return { op, values: readList(reader, fitting) };
    case 'contains':
    case 'startsWith':
      if (reader.get('value') === '') reader.fail('value', 'must not be empty');
      return { op, value: readScalar(reader, fitting) as string };
    case 'eq':
    case 'ne':
      return { op, value: readScalar(reader, fitting) };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { op, value: readScalar(reader, fitting) as string | number };
  }
}

/** Reads `op` and `value` of a test of a computed number; both may be left out: at least 1. */
export function readNumberTest(reader: ObjectReader): NumberTest {
  const op = reader.oneOf('op', NUMBER_OPERATORS, 'gte');
  if (op === 'in' || op === 'notIn') return { op, values: readList(reader, ['number']) as number[] };
  const value = reader.has('value') ? readScalar(reader, ['number']) : 1;
  return { op, value: value as number };
}

function readScalar(reader: ObjectReader, types: readonly ValueType[]): Scalar {
  const value = reader.get('value');
  const fault = scalarFault(value, types);
  if (fault) reader.fail('value', fault);
  return value as Scalar;
}

function readList(reader: ObjectReader, types: readonly ValueType[]): Scalar[] {
  const value = reader.get('value');
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_LIST) {
    reader.fail('value', `must be a list of 1 to ${MAX_LIST} values`);
    return [];
  }
  value.forEach((item: unknown, i) => {
    const fault = scalarFault(item, types);
    if (fault) reader.fail(`value[${i}]`, fault);
  });
  return value as Scalar[];
}

function scalarFault(value: unknown, types: readonly ValueType[]): string | undefined {
  if (typeof value === 'string' && types.includes('text')) return value === '' ? undefined : textFault(value, MAX_TEXT);
  // JSON text such as 1e999 is read as Infinity, which no number in the database equals.
  if (typeof value === 'number' && types.includes('number')) return Number.isFinite(value) ? undefined : 'must be a finite number';
  if (typeof value === 'boolean' && types.includes('boolean')) return undefined;
  return `must be a ${types.join(' or a ')}`;
}

export function readInstant(reader: ObjectReader, field: string): Date {
  const value = reader.get(field);
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  if (!instant) reader.fail(field, INSTANT_MESSAGE);
  return instant ?? new Date(0);
}

/** @returns milliseconds */
export function readDuration(reader: ObjectReader, field: string): number {
  const value = reader.get(field);
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (!ms) reader.fail(field, DURATION_MESSAGE);
  return ms ?? 1;
}
