import { parseInstant } from '../../platform/time/index.js';
import type { NumberTest, OrderOp, Path, Scalar, ValueTest } from '../rule/types.js';
import { compare, decimal, type Decimal } from './decimal.js';

/** The JSON value at a path through objects; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** A test of a JSON value: absent or of another type than the test's is false, but for notExists. */
export function testValue(value: unknown, test: ValueTest, now: Date): boolean {
  switch (test.op) {
    case 'exists':
      return value !== undefined && value !== null;
    case 'notExists':
      return value === undefined || value === null;
    case 'eq':
      return value === test.value;
    case 'ne':
      return typeof value === typeof test.value && value !== test.value;
    case 'in':
      return test.values.some((item) => item === value);
    case 'notIn':
      return test.values.some((item) => typeof item === typeof value) && !test.values.some((item) => item === value);
    case 'contains':
      return contains(value, test.value);
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(test.value);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return typeof value === typeof test.value && ordered(test.op, order(value as string | number, test.value));
    case 'before':
    case 'after':
    case 'withinLast':
    case 'notWithinLast':
      return testInstant(typeof value === 'string' ? parseInstant(value) : undefined, test, now);
  }
}

function contains(value: unknown, part: Scalar): boolean {
  if (Array.isArray(value)) return value.some((item) => item === part);
  return typeof value === 'string' && typeof part === 'string' && value.includes(part);
}

function order(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  // By code point, not by UTF-16 unit as `<` does.
  return Buffer.compare(Buffer.from(String(left), 'utf8'), Buffer.from(String(right), 'utf8'));
}

function ordered(op: OrderOp, sign: number): boolean {
  if (op === 'gt') return sign > 0;
  if (op === 'gte') return sign >= 0;
  return op === 'lt' ? sign < 0 : sign <= 0;
}

export function testInstant(instant: Date | null | undefined, test: ValueTest, now: Date): boolean {
  if (test.op === 'notExists') return !instant;
  if (!instant) return false;
  const at = instant.getTime();
  switch (test.op) {
    case 'exists':
      return true;
    case 'before':
      return at < test.at.getTime();
    case 'after':
      return at > test.at.getTime();
    case 'withinLast':
      return at > now.getTime() - test.ms && at <= now.getTime();
    case 'notWithinLast':
      return !(at > now.getTime() - test.ms && at <= now.getTime());
    default:
      throw new Error(`${test.op} is no test of a time`);
  }
}

/** A test of the number `total / parts`, exact. */
export function testNumber(total: Decimal, test: NumberTest, parts = 1): boolean {
  const against = (value: number): number => {
    const right = decimal(value);
    return compare(total, { units: right.units * BigInt(parts), scale: right.scale });
  };
  if ('values' in test) return test.values.some((value) => against(value) === 0) === (test.op === 'in');
  const sign = against(test.value);
  if (test.op === 'eq') return sign === 0;
  return test.op === 'ne' ? sign !== 0 : ordered(test.op, sign);
}
