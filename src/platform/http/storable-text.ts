import type { FieldError } from '../errors/index.js';

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Texts that PostgreSQL or JSON cannot hold (NUL, lone surrogates) and keys that could pollute a prototype.
 * @returns one error for each, with its path.
 */
export function unstorableText(value: unknown, path: string): FieldError[] {
  // Paths are made only where something is wrong: of a batch of a thousand rows they took longer than reading its JSON.
  return isStorable(value) ? [] : faultsOf(value, path);
}

function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isStorable);
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key) || !isStorableText(key) || !isStorable((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function faultsOf(value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const visit = (v: unknown, at: string): void => {
    if (typeof v === 'string') {
      if (v.includes('\0')) errors.push({ path: at, message: 'must not contain the NUL character' });
      else if (!v.isWellFormed()) errors.push({ path: at, message: 'must be well-formed Unicode' });
    } else if (Array.isArray(v)) {
      v.forEach((item, i) => visit(item, `${at}[${i}]`));
    } else if (v !== null && typeof v === 'object') {
      for (const [key, item] of Object.entries(v)) visitEntry(key, item, at);
    }
  };
  const visitEntry = (key: string, item: unknown, at: string): void => {
    if (FORBIDDEN_KEYS.has(key)) errors.push({ path: at, message: `must not have the key ${key}` });
    else if (key.includes('\0') || !key.isWellFormed()) errors.push({ path: at, message: 'has a key that is not well-formed text' });
    else visit(item, at ? `${at}.${key}` : key);
  };
  visit(value, path);
  return errors;
}
