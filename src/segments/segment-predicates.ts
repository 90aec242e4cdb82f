import { Injectable } from '@nestjs/common';
import type { Queryable } from '../platform/database/index.js';
import { Scores } from '../scoring/index.js';
import {
  EVERYONE, NOW, UNTIL, UnknownSegment, compileReachable, compileRule, compileUnion,
  type CompileEnvironment, type IdBounds, type KnownSegment, type Predicate, type PredicateSettings, type Shape,
} from './segment-compiler.js';
import { parseRule, segmentKeys, type Channel, type Rule } from './segment-rule.js';
import { segmentSql } from './segment-store.js';

export interface Audience {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Puts the decision instant where the predicate's parameters have NOW, and the end of the horizon of turns for UNTIL. */
export function bindNow(params: readonly unknown[], now: Date, until?: Date): unknown[] {
  return params.map((value) => (value === NOW ? now : value === UNTIL ? until : value));
}

/** Compiles segments as they stand in the database at the moment of the call. */
@Injectable()
export class SegmentPredicates {
  constructor(private readonly scores: Scores) {}

  /**
   * Union of `include` minus union of `exclude` as a boolean predicate over `u` (table users).
   * Dynamic segments are their rule evaluated afresh, static ones their list.
   * @param firstParam number of the predicate's first parameter
   * @param shape `row` (default) for a bucket or a user, `set` for the whole base
   * @returns `params` may hold the symbol NOW, which the caller replaces by the decision instant (`bindNow`)
   * @throws UnknownSegment for a key that does not exist (any more)
   */
  async compileAudience(db: Queryable, audience: Audience, settings: PredicateSettings, firstParam: number, shape: Shape = 'row'): Promise<Predicate> {
    const env = await this.environment(db, [...audience.include, ...audience.exclude], settings, shape);
    return compileUnion(audience, env, firstParam);
  }

  /**
   * The same for a bucket: `within` for users between the bounds, where a static segment is one short range of its list instead of a
   * look-up for each user or a hash of all its members; `anybody` for users beyond them. Both have the same parameters.
   */
  async compileAudienceWithin(
    db: Queryable, audience: Audience, settings: PredicateSettings, firstParam: number, bounds: IdBounds,
  ): Promise<{ params: unknown[]; within: string; anybody: string }> {
    const env = await this.environment(db, [...audience.include, ...audience.exclude], settings, 'row');
    const { sql: anybody, params } = compileUnion(audience, env, firstParam);
    return { params, anybody, within: compileUnion(audience, { ...env, within: bounds }, firstParam).sql };
  }

  /** One segment by key, for the whole base. */
  async compileSegment(db: Queryable, key: string, settings: PredicateSettings, firstParam: number): Promise<Predicate> {
    return this.compileAudience(db, { include: [key], exclude: [] }, settings, firstParam, 'set');
  }

  /** A rule that is not stored. */
  async compileRule(db: Queryable, rule: Rule, settings: PredicateSettings, firstParam: number, shape: Shape = 'set'): Promise<Predicate> {
    return compileRule(rule, await this.environment(db, segmentKeys(rule), settings, shape), firstParam);
  }

  /** Whether marketing may reach the user on the channel now. */
  async compileReachable(channel: Channel, settings: PredicateSettings, firstParam: number): Promise<Predicate> {
    const env: CompileEnvironment = { settings, segments: new Map(), priors: await this.scores.priors() };
    return compileReachable(channel, env, firstParam);
  }

  /** Rows of the segments table as rules may name them. */
  known(rows: readonly { id: string; key: string; rule: unknown }[]): Map<string, KnownSegment> {
    return new Map(rows.map(({ id, key, rule }) => [key, { id, rule: rule === null ? null : storedRule(key, rule) }]));
  }

  /** The named segments and, step by step, those that their rules name. @throws UnknownSegment */
  async environment(db: Queryable, keys: readonly string[], settings: PredicateSettings, shape: Shape): Promise<CompileEnvironment> {
    const segments = new Map<string, KnownSegment>();
    for (let wanted = missing(keys, segments); wanted.length > 0;) {
      const found = await db.query(segmentSql.readRules, { keys: wanted });
      for (const [key, segment] of this.known(found)) segments.set(key, segment);
      const unknown = wanted.find((key) => !segments.has(key));
      if (unknown !== undefined) throw new UnknownSegment(unknown);
      wanted = missing(found.flatMap(({ key }) => namedBy(segments.get(key))), segments);
    }
    return { settings, segments, priors: await this.scores.priors(db), shape };
  }
}

function missing(keys: readonly string[], known: ReadonlyMap<string, unknown>): string[] {
  return [...new Set(keys)].filter((key) => key !== EVERYONE && !known.has(key));
}

function namedBy(segment: KnownSegment | undefined): string[] {
  return segment?.rule ? segmentKeys(segment.rule) : [];
}

function storedRule(key: string, json: unknown): Rule {
  const parsed = parseRule(json);
  if (!parsed.ok) throw new Error(`the stored rule of segment ${key} is not valid: ${parsed.errors.map((e) => `${e.path} ${e.message}`).join('; ')}`);
  return parsed.rule;
}
