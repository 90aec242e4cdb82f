import { sqlState } from '../platform/database/index.js';
import { invalid, invalidField, Problem } from '../platform/errors/index.js';
import { RuleTooLarge, SegmentCycle, UnknownSegment } from './segment-compiler.js';
import { parseRule, type Rule } from './segment-rule.js';

/** @throws Problem 400 with every mistake of the rule */
export function requireRule(json: unknown): Rule {
  const parsed = parseRule(json);
  if (!parsed.ok) throw invalid([...parsed.errors]);
  return parsed.rule;
}

const CANCELLED_BY_TIME = '57014';

/** What the compiler refuses, as a 400 that names the place in the rule, and a 503 for a rule that ran too long. */
export function ruleFault(error: unknown, json: unknown): Problem | undefined {
  if (error instanceof UnknownSegment) return invalidField(placeOf(error.key, json), `there is no segment ${error.key}`);
  if (error instanceof SegmentCycle) return invalidField(placeOf(error.keys[1] ?? '', json), error.message);
  if (error instanceof RuleTooLarge) return invalidField('rule', error.message);
  if (sqlState(error) === CANCELLED_BY_TIME) return new Problem(503, 'Evaluating the rule over all users took longer than it may.');
  return undefined;
}

/** Where a rule names a segment, or the whole rule where another one does. */
function placeOf(key: string, json: unknown): string {
  return find(json, 'rule') ?? 'rule';

  function find(value: unknown, path: string): string | undefined {
    if (Array.isArray(value)) return first(value.map((item: unknown, i) => [item, `${path}[${i}]`] as const));
    if (value === null || typeof value !== 'object') return undefined;
    if ('segment' in value && value.segment === key) return `${path}.segment`;
    return first(Object.entries(value).map(([name, item]) => [item, `${path}.${name}`] as const));
  }

  function first(parts: readonly (readonly [unknown, string])[]): string | undefined {
    for (const [part, path] of parts) {
      const found = find(part, path);
      if (found) return found;
    }
    return undefined;
  }
}
