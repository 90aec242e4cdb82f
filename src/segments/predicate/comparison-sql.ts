import type { NumberTest, OrderOp, Path, Scalar, ValueTest } from '../rule/types.js';
import type { Parameters } from './context.js';

const OPERATORS: Record<'eq' | 'ne' | OrderOp, string> = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };
const JSON_TYPES = { string: 'string', number: 'number', boolean: 'boolean' } as const;

const jsonType = (value: Scalar): string => JSON_TYPES[typeof value as keyof typeof JSON_TYPES];

/** The JSON value at a path. `->` with a text goes into objects only: a name such as "0" must not index an array. */
export function jsonAt(params: Parameters, base: string, path: Path): string {
  return `(${[base, ...path.map((part) => params.add(part, 'text'))].join(' -> ')})`;
}

/**
 * A test of the jsonb expression `json` as a boolean that is never null. CASE keeps casts from values of another type,
 * which AND, free to evaluate in any order, would not.
 */
export function jsonTestSql(params: Parameters, json: string, test: ValueTest): string {
  switch (test.op) {
    case 'exists':
      return `coalesce(jsonb_typeof(${json}) <> 'null', false)`;
    case 'notExists':
      return `coalesce(jsonb_typeof(${json}) = 'null', true)`;
    case 'eq':
      return `coalesce(${json} = ${params.add(JSON.stringify(test.value), 'jsonb')}, false)`;
    case 'ne':
      return `coalesce(jsonb_typeof(${json}) = '${jsonType(test.value)}' and ${json} <> ${params.add(JSON.stringify(test.value), 'jsonb')}, false)`;
    case 'in':
    case 'notIn':
      return listSql(params, json, test.op, test.values);
    case 'contains':
      return containsSql(params, json, test.value);
    case 'startsWith':
      return `(case when jsonb_typeof(${json}) = 'string' then starts_with(${json} #>> '{}', ${params.add(test.value, 'text')}) else false end)`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return orderSql(params, json, test.op, test.value);
    case 'before':
    case 'after':
    case 'withinLast':
    case 'notWithinLast':
      return instantTestSql(params, `rfc3339_instant(${json})`, test);
  }
}

/** `notIn` is a comparison too: false where the value is of no type that the list has. */
function listSql(params: Parameters, json: string, op: 'in' | 'notIn', values: readonly Scalar[]): string {
  const list = params.add(values.map((value) => JSON.stringify(value)), 'jsonb[]');
  if (op === 'in') return `coalesce(${json} = any(${list}), false)`;
  const types = params.add([...new Set(values.map(jsonType))], 'text[]');
  return `coalesce(jsonb_typeof(${json}) = any(${types}) and ${json} <> all(${list}), false)`;
}

/** A part of a text, or an element of an array. */
function containsSql(params: Parameters, json: string, value: Scalar): string {
  const element = params.add(JSON.stringify(value), 'jsonb');
  const part = typeof value === 'string' ? `when 'string' then strpos(${json} #>> '{}', ${params.add(value, 'text')}) > 0` : '';
  return `(case jsonb_typeof(${json}) when 'array' then ${json} @> ${element} ${part} else false end)`;
}

/** Texts compare by code point ("C"), the same on every installation and as the oracle does. */
function orderSql(params: Parameters, json: string, op: OrderOp, value: string | number): string {
  const [left, right] = typeof value === 'number'
    ? [`${json}::numeric`, params.add(value, 'numeric')]
    : [`(${json} #>> '{}') collate "C"`, params.add(value, 'text')];
  return `(case when jsonb_typeof(${json}) = '${jsonType(value)}' then ${left} ${OPERATORS[op]} ${right} else false end)`;
}

/** A test of a timestamptz expression, null where absent. `withinLast` is (now − duration, now]. */
export function instantTestSql(params: Parameters, instant: string, test: ValueTest): string {
  switch (test.op) {
    case 'exists':
      return `${instant} is not null`;
    case 'notExists':
      return `${instant} is null`;
    case 'before':
      return `coalesce(${instant} < ${params.instant(test.at)}, false)`;
    case 'after':
      return `coalesce(${instant} > ${params.instant(test.at)}, false)`;
    case 'withinLast':
      return `coalesce(${instant} > ${params.before(test.ms)} and ${instant} <= ${params.now()}, false)`;
    case 'notWithinLast':
      return `coalesce(not (${instant} > ${params.before(test.ms)} and ${instant} <= ${params.now()}), false)`;
    default:
      throw new Error(`${test.op} is no test of a time`);
  }
}

/** A test of a number expression; null where the expression is. */
export function numberTestSql(params: Parameters, number: string, test: NumberTest, type: 'numeric' | 'float8' = 'numeric'): string {
  if ('values' in test) return `${number} ${test.op === 'in' ? '= any' : '<> all'}(${params.add(test.values, `${type}[]`)})`;
  return `${number} ${OPERATORS[test.op]} ${params.add(test.value, type)}`;
}

/** The same test of `sum / count` without dividing: a quotient would be rounded. */
export function averageTestSql(params: Parameters, sum: string, count: string, test: NumberTest): string {
  if ('values' in test) {
    const hit = `exists (select from unnest(${params.add(test.values, 'numeric[]')}) x where ${sum} = x * ${count})`;
    return `${count} > 0 and ${test.op === 'in' ? hit : `not ${hit}`}`;
  }
  return `${count} > 0 and ${sum} ${OPERATORS[test.op]} ${params.add(test.value, 'numeric')} * ${count}`;
}

/** Whether a test holds for a number known now: what a user without any row gets. */
export function numberTestHolds(value: number, test: NumberTest): boolean {
  switch (test.op) {
    case 'in':
      return test.values.includes(value);
    case 'notIn':
      return !test.values.includes(value);
    case 'eq':
      return value === test.value;
    case 'ne':
      return value !== test.value;
    case 'gt':
      return value > test.value;
    case 'gte':
      return value >= test.value;
    case 'lt':
      return value < test.value;
    case 'lte':
      return value <= test.value;
  }
}
