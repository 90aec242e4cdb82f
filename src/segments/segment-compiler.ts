/** From a rule to one boolean SQL predicate over the alias `u` (table users), every value and every name a parameter. */
import { instantTestSql, jsonAt, jsonTestSql } from './predicate/comparison-sql.js';
import { Parameters, type CompileEnvironment, type Writer } from './predicate/context.js';
import { eventSql } from './predicate/event-sql.js';
import { messageSql } from './predicate/message-sql.js';
import { reachableSql } from './predicate/reach-sql.js';
import { scoreSql } from './predicate/score-sql.js';
import { turnSelects, type TieUsers } from './predicate/turn-sql.js';
import { walk } from './segment-rule.js';
import type { BuiltInField, Channel, Rule, ValueTest } from './rule/types.js';

export { NOW, UNTIL, type ChannelPriors, type CompileEnvironment, type IdBounds, type KnownSegment, type PredicateSettings, type Shape } from './predicate/context.js';

export interface Predicate {
  /** A boolean expression over `u` that is never null. */
  readonly sql: string;
  /** Its values from `$firstParam` on; the symbol NOW stands for the decision instant. */
  readonly params: unknown[];
}

export const EVERYONE = 'everyone';

/** A rule may name rules that name rules; all together they have at most this many conditions. */
export const MAX_INLINED = 500;

export class UnknownSegment extends Error {
  constructor(readonly key: string) {
    super(`there is no segment ${key}`);
  }
}
export class SegmentCycle extends Error {
  constructor(readonly keys: readonly string[]) {
    super(`the segments name each other in a circle: ${keys.join(' → ')}`);
  }
}
export class RuleTooLarge extends Error {
  constructor() {
    super(`with the segments it names, the rule has more than ${MAX_INLINED} conditions`);
  }
}

/**
 * @param firstParam number of the first parameter
 * @throws UnknownSegment, SegmentCycle, RuleTooLarge
 */
export function compileRule(rule: Rule, env: CompileEnvironment, firstParam = 1): Predicate {
  return compileWith(env, firstParam, (compiling) => write(rule, compiling));
}

/** The union of `include` minus the union of `exclude`, by keys of `env.segments` or `everyone`. */
export function compileUnion(audience: { include: readonly string[]; exclude: readonly string[] }, env: CompileEnvironment, firstParam = 1): Predicate {
  return compileWith(env, firstParam, (compiling) => {
    const union = (keys: readonly string[]): string => join(keys.map((key) => writeSegment(key, compiling)), 'or', 'false');
    return audience.exclude.length === 0 ? union(audience.include) : `(${union(audience.include)} and not ${union(audience.exclude)})`;
  });
}

/** Whether marketing may reach the user on the channel now. */
export function compileReachable(channel: Channel, env: CompileEnvironment, firstParam = 1): Predicate {
  return compileWith(env, firstParam, ({ params }) => reachableSql(params, channel, env.settings));
}

/**
 * The instants in (now, until] at which time alone may turn the segment for a user, as a SELECT of (user_id, at) with several rows a
 * user; undefined where time turns nothing. `params` may hold NOW and UNTIL.
 * @throws UnknownSegment, SegmentCycle
 */
export function compileTurns(key: string, env: CompileEnvironment, firstParam: number, tie: TieUsers): Predicate | undefined {
  const params = new Parameters(firstParam);
  const writer: Writer = { params, env, shape: env.shape ?? 'row' };
  const selects = conditionsOf(key, env).flatMap((rule) => turnSelects(writer, rule, tie));
  return selects.length === 0 ? undefined : { sql: selects.join(' union all '), params: params.values };
}

/** Every condition behind a segment, those of the segments that it names included. @throws UnknownSegment, SegmentCycle */
export function conditionsOf(key: string, env: Pick<CompileEnvironment, 'segments'>, stack: readonly string[] = []): Rule[] {
  if (key === EVERYONE) return [];
  const segment = env.segments.get(key);
  if (!segment) throw new UnknownSegment(key);
  if (stack.includes(key)) throw new SegmentCycle([...stack, key]);
  const found: Rule[] = [];
  if (segment.rule) {
    walk(segment.rule, (rule) => {
      if (rule.kind === 'all' || rule.kind === 'any' || rule.kind === 'not') return;
      found.push(rule);
      if (rule.kind === 'segment') found.push(...conditionsOf(rule.key, env, [...stack, key]));
    });
  }
  return found;
}

interface Compiling extends Writer {
  /** Keys from the outermost segment inwards, to find a circle. */
  readonly stack: readonly string[];
  readonly budget: { left: number };
}

function compileWith(env: CompileEnvironment, firstParam: number, body: (compiling: Compiling) => string): Predicate {
  const params = new Parameters(firstParam);
  const sql = body({ params, env, shape: env.shape ?? 'row', stack: [], budget: { left: MAX_INLINED } });
  return { sql, params: params.values };
}

function join(parts: readonly string[], operator: 'and' | 'or', none: string): string {
  return parts.length === 0 ? none : `(${parts.join(` ${operator} `)})`;
}

function write(rule: Rule, compiling: Compiling): string {
  const { params, env } = compiling;
  if (rule.kind === 'all' || rule.kind === 'any') {
    const isAll = rule.kind === 'all';
    return join(rule.rules.map((inner) => write(inner, compiling)), isAll ? 'and' : 'or', isAll ? 'true' : 'false');
  }
  if (rule.kind === 'not') return `(not ${write(rule.rule, compiling)})`;
  compiling.budget.left -= 1;
  if (compiling.budget.left < 0) throw new RuleTooLarge();
  switch (rule.kind) {
    case 'attribute':
      return jsonTestSql(params, jsonAt(params, 'u.attributes', rule.path), rule.test);
    case 'field':
      return fieldSql(compiling, rule.field, rule.test);
    case 'event':
      return eventSql(compiling, rule);
    case 'message':
      return messageSql(compiling, rule);
    case 'score':
      return scoreSql(compiling, rule);
    case 'segment':
      return writeSegment(rule.key, compiling);
    case 'reachable':
      return reachableSql(params, rule.channel, env.settings);
  }
}

const FIELDS: Record<BuiltInField, string> = {
  email: 'to_jsonb(u.email)',
  timezone: 'to_jsonb(u.zone)',
  locale: 'to_jsonb(coalesce(u.locale, u.device_locale))',
  createdAt: 'u.created_at',
  lastSeenAt: 'u.last_seen_at',
};

function fieldSql({ params }: Compiling, field: BuiltInField, test: ValueTest): string {
  const isTime = field === 'createdAt' || field === 'lastSeenAt';
  return isTime ? instantTestSql(params, FIELDS[field], test) : jsonTestSql(params, FIELDS[field], test);
}

/** A static segment is its list, a dynamic one its rule evaluated afresh. */
function writeSegment(key: string, compiling: Compiling): string {
  if (key === EVERYONE) return 'true';
  const segment = compiling.env.segments.get(key);
  if (!segment) throw new UnknownSegment(key);
  if (compiling.stack.includes(key)) throw new SegmentCycle([...compiling.stack, key]);
  if (segment.rule) return write(segment.rule, { ...compiling, stack: [...compiling.stack, key] });
  const { within } = compiling.env;
  const bounds = within ? ` and k.user_id >= ${within.from} and k.user_id < ${within.to}` : '';
  return `exists (select from segment_members k where k.segment_id = ${compiling.params.add(segment.id, 'bigint')} and k.user_id = u.id${bounds})`;
}
