/** The rule language of segments: from JSON that nobody has checked to a tree that only holds what makes sense. */
import { CONDITIONS } from './rule/conditions.js';
import { isObject, ObjectReader, type RuleError } from './rule/reader.js';
import type { Rule } from './rule/types.js';

export type { RuleError } from './rule/reader.js';
export { GROUPS } from './rule/conditions.js';
export * from './rule/types.js';

export const MAX_LEVELS = 8;
export const MAX_CONDITIONS = 50;

export type ParsedRule =
  | { readonly ok: true; readonly rule: Rule }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

/**
 * Reads a rule: `{all: […]}`, `{any: […]}`, `{not: …}` or one condition, at most 8 levels deep with at most 50 conditions.
 * @param root what the paths of mistakes begin with
 * @returns the tree, or every mistake with its path
 */
export function parseRule(json: unknown, root = 'rule'): ParsedRule {
  const reading: Reading = { errors: [], conditions: 0 };
  const rule = read(json, root, 1, reading);
  if (reading.conditions > MAX_CONDITIONS) {
    reading.errors.push({ path: root, message: `has ${reading.conditions} conditions, at most ${MAX_CONDITIONS} are allowed` });
  }
  return reading.errors.length === 0 ? { ok: true, rule } : { ok: false, errors: reading.errors };
}

/** The keys of the segments that a rule names, each once. */
export function segmentKeys(rule: Rule): string[] {
  const keys = new Set<string>();
  walk(rule, (node) => {
    if (node.kind === 'segment') keys.add(node.key);
  });
  return [...keys];
}

/** Calls `visit` for the rule and everything inside it. */
export function walk(rule: Rule, visit: (node: Rule) => void): void {
  visit(rule);
  if (rule.kind === 'all' || rule.kind === 'any') for (const inner of rule.rules) walk(inner, visit);
  if (rule.kind === 'not') walk(rule.rule, visit);
}

interface Reading {
  readonly errors: RuleError[];
  conditions: number;
}

const KINDS = ['all', 'any', 'not', ...Object.keys(CONDITIONS)];
const PLACEHOLDER: Rule = { kind: 'all', rules: [] };

function read(json: unknown, path: string, level: number, reading: Reading): Rule {
  const fail = (message: string, at = path): Rule => {
    reading.errors.push({ path: at, message });
    return PLACEHOLDER;
  };
  if (level > MAX_LEVELS) return fail(`is deeper than ${MAX_LEVELS} levels`);
  if (!isObject(json)) return fail(`must be an object with one of ${KINDS.join(', ')}`);
  const named = KINDS.filter((kind) => Object.hasOwn(json, kind));
  const kind = named[0];
  if (kind === undefined) return fail(`must have one of ${KINDS.join(', ')}`);
  if (named.length > 1) return fail(`must have only one of ${named.join(', ')}`);
  const reader = new ObjectReader(json, path, reading.errors);
  if (kind === 'all' || kind === 'any' || kind === 'not') return readBranch(reader, kind, level, reading);
  reading.conditions += 1;
  return CONDITIONS[kind]!(reader);
}

function readBranch(reader: ObjectReader, kind: 'all' | 'any' | 'not', level: number, reading: Reading): Rule {
  reader.allow(kind);
  const inner = reader.get(kind);
  const path = `${reader.path}.${kind}`;
  if (kind === 'not') return { kind, rule: read(inner, path, level + 1, reading) };
  if (!Array.isArray(inner) || inner.length === 0) {
    reader.fail(kind, 'must be a list of at least one rule');
    return PLACEHOLDER;
  }
  // A body of 100,000 wrong rules would otherwise be answered with 100,000 mistakes.
  if (inner.length > MAX_CONDITIONS) {
    reader.fail(kind, `has ${inner.length} rules, at most ${MAX_CONDITIONS} conditions are allowed`);
    return PLACEHOLDER;
  }
  return { kind, rules: inner.map((item: unknown, i) => read(item, `${path}[${i}]`, level + 1, reading)) };
}
