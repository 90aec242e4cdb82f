import type { ImportType } from './import-type.js';

type Kind = 'text' | 'number' | 'boolean' | 'json';
export type BuiltRow = { ok: true; row: Record<string, unknown> } | { ok: false; path?: string; message: string };

interface Fields {
  required: readonly string[];
  kinds: Readonly<Record<string, Kind>>;
  /** `attributes.plan`, `attributes.age:number`: a column for each key of this object. */
  open?: 'attributes' | 'properties';
}

const TEXT = 'text' as const;
/** A user's one device may stand in columns of its own; several of them are JSON in the column `devices`. */
const DEVICE = { token: TEXT, platform: TEXT, appVersion: TEXT, permission: TEXT, lastSeenAt: TEXT };

export const FIELDS: Readonly<Record<ImportType, Fields>> = {
  users: {
    required: ['userId'], open: 'attributes',
    kinds: { userId: TEXT, email: TEXT, timezone: TEXT, locale: TEXT, createdAt: TEXT, attributes: 'json', devices: 'json', subscriptions: 'json', ...DEVICE },
  },
  events: {
    required: ['eventId', 'userId', 'name', 'occurredAt'], open: 'properties',
    kinds: { eventId: TEXT, userId: TEXT, name: TEXT, occurredAt: TEXT, value: 'number', currency: TEXT, properties: 'json' },
  },
  transactions: { required: ['user', 'time', 'value'], kinds: { user: TEXT, time: TEXT, value: 'number', currency: TEXT, id: TEXT } },
  'segment-members': { required: ['userId'], kinds: { userId: TEXT } },
  suppressions: { required: ['email'], kinds: { email: TEXT, reason: TEXT } },
};

const OPEN_FIELD = /^(attributes|properties)\.(.+?)(?::(text|number|boolean|json))?$/s;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

interface Column {
  at: number;
  field: string;
  kind: Kind;
  key?: string;
}

/** The kind and place of a field; undefined if the type has no such field. */
export function readField(type: ImportType, field: string): Omit<Column, 'at'> | undefined {
  const { kinds, open } = FIELDS[type];
  if (Object.hasOwn(kinds, field)) return { field, kind: kinds[field]! };
  const [, object, key, kind = TEXT] = OPEN_FIELD.exec(field) ?? [];
  if (object === undefined || object !== open || FORBIDDEN.has(key!)) return undefined;
  return { field: object, key: key!, kind: kind as Kind };
}

/**
 * How rows are made of cells: an empty cell says nothing, all others are read as the field's kind.
 * @param mapping field → column of the file; then only these columns are read. Without it every column must be a field.
 * @throws ColumnsRefused naming each column that is missing or unknown
 */
export function rowBuilder(type: ImportType, header: readonly string[], mapping?: Readonly<Record<string, string>> | null): (cells: readonly string[]) => BuiltRow {
  const columns = mapping ? mapped(type, header, mapping) : named(type, header);
  const missing = FIELDS[type].required.filter((field) => !columns.some((column) => column.field === field && column.key === undefined));
  if (missing.length > 0) throw new ColumnsRefused(`The file has no column for ${missing.join(', ')}; its header is ${quote(header)}.`);
  return (cells) => {
    if (cells.length !== header.length) return { ok: false, message: `has ${cells.length} cells where the header has ${header.length}` };
    return build(type, columns, cells);
  };
}

export class ColumnsRefused extends Error {}

function named(type: ImportType, header: readonly string[]): Column[] {
  const fields = header.map((name) => readField(type, name.trim()));
  const unknown = header.filter((_, at) => !fields[at]);
  if (unknown.length > 0) throw new ColumnsRefused(`${quote(unknown)} is no field of ${type}. Name the columns to read with "columns", or leave the others out.`);
  const twice = header.filter((name, at) => header.indexOf(name) !== at);
  if (twice.length > 0) throw new ColumnsRefused(`The header has ${quote(twice)} twice.`);
  return fields.map((field, at) => ({ at, ...field! }));
}

function mapped(type: ImportType, header: readonly string[], mapping: Readonly<Record<string, string>>): Column[] {
  const absent = Object.values(mapping).filter((name) => !header.includes(name));
  if (absent.length > 0) throw new ColumnsRefused(`The file has no column ${quote(absent)}; its header is ${quote(header)}.`);
  return Object.entries(mapping).map(([field, name]) => ({ at: header.indexOf(name), ...readField(type, field)! }));
}

function build(type: ImportType, columns: readonly Column[], cells: readonly string[]): BuiltRow {
  const row: Record<string, unknown> = {};
  for (const { at, field, kind, key } of columns) {
    const cell = cells[at]!;
    if (cell === '') continue;
    const value = read(cell, kind);
    if (value === undefined) return { ok: false, path: key === undefined ? field : `${field}.${key}`, message: `must be ${kind === 'json' ? 'JSON' : `a ${kind}`}` };
    if (key === undefined) row[field] = value;
    else (row[field] = { ...(row[field] as object | undefined), [key]: value });
  }
  return { ok: true, row: type === 'users' ? withDevice(row) : row };
}

function withDevice(row: Record<string, unknown>): Record<string, unknown> {
  const device = Object.keys(DEVICE).filter((field) => Object.hasOwn(row, field)).map((field) => [field, row[field]] as const);
  if (device.length === 0) return row;
  const rest = Object.fromEntries(Object.entries(row).filter(([field]) => !Object.hasOwn(DEVICE, field)));
  // Without a token there is nothing that could be registered, whatever an export says about platforms.
  if (!Object.hasOwn(row, 'token')) return rest;
  return { ...rest, devices: [...(Array.isArray(rest.devices) ? rest.devices : []), Object.fromEntries(device)] };
}

/** @returns undefined for what is not of the kind. */
function read(cell: string, kind: Kind): unknown {
  if (kind === 'text') return cell;
  const text = cell.trim();
  if (kind === 'number') return NUMBER.test(text) ? Number(text) : undefined;
  if (kind === 'boolean') return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function quote(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 80).toWellFormed().replaceAll('\0', '')));
  return shown.join(', ') + (names.length > 20 ? ', …' : '');
}
