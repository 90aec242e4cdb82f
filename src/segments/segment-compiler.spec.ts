import { STATED_PRIORS } from '../scoring/index.js';
import {
  MAX_INLINED, NOW, RuleTooLarge, SegmentCycle, UnknownSegment, compileRule, compileUnion, type CompileEnvironment, type KnownSegment,
} from './segment-compiler.js';
import { parseRule, type Rule } from './segment-rule.js';

function rule(json: unknown): Rule {
  const result = parseRule(json);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.rule;
}

function environment(segments: Record<string, KnownSegment> = {}): CompileEnvironment {
  return {
    settings: { currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' },
    segments: new Map(Object.entries(segments)), priors: { push: STATED_PRIORS, email: STATED_PRIORS },
  };
}

const GOLD = rule({ attribute: 'plan', op: 'eq', value: 'gold' });

describe('compileRule', () => {
  it('writes names and values as parameters from the given number on', () => {
    expect(compileRule(GOLD, environment(), 4)).toEqual({ sql: "coalesce((u.attributes -> $4::text) = $5::jsonb, false)", params: ['plan', '"gold"'] });
  });

  it('leaves the decision instant to the caller, once', () => {
    const { params, sql } = compileRule(rule({ all: [{ event: 'a', within: 'P1D' }, { attribute: '$createdAt', op: 'withinLast', value: 'P2D' }, { reachable: 'push' }] }), environment());
    expect(params.filter((value) => value === NOW)).toHaveLength(1);
    expect(params).toEqual(expect.arrayContaining([86_400_000, 2 * 86_400_000, 30 * 86_400_000]));
    expect(sql).not.toMatch(/now\(\)|clock_timestamp|current_/);
  });

  it('asks for presence over a day or more without touching a single event', () => {
    expect(compileRule(rule({ event: 'purchase', within: 'P30D' }), environment()).sql).not.toMatch(/\bevents\b|sum\(/);
    expect(compileRule(rule({ event: 'purchase', op: 'eq', value: 0 }), environment()).sql).toMatch(/^not exists/);
    expect(compileRule(rule({ event: 'purchase', within: 'PT1H' }), environment()).sql).toMatch(/\bevents e\b/);
  });

  it('inlines dynamic segments, looks static ones up and knows everyone', () => {
    const env = environment({ gold: { id: '7', rule: GOLD }, staff: { id: '8', rule: null } });
    expect(compileRule(rule({ all: [{ segment: 'gold' }, { not: { segment: 'staff' } }, { segment: 'everyone' }] }), env)).toEqual({
      sql: '(coalesce((u.attributes -> $1::text) = $2::jsonb, false) and (not exists (select from segment_members k where k.segment_id = $3::bigint and k.user_id = u.id)) and true)',
      params: ['plan', '"gold"', '8'],
    });
  });

  it('refuses a circle with its way, an unknown key and what grows without end', () => {
    const env = environment({ a: { id: '1', rule: rule({ not: { segment: 'b' } }) }, b: { id: '2', rule: rule({ segment: 'a' }) } });
    expect(() => compileRule(rule({ segment: 'a' }), env)).toThrow(new SegmentCycle(['a', 'b', 'a']));
    expect(() => compileRule(rule({ segment: 'c' }), env)).toThrow(UnknownSegment);
    const fifty = (key: string): Rule => rule({ any: Array.from({ length: 50 }, () => ({ segment: key })) });
    const bomb = environment(Object.fromEntries([...'bcdefgh'].map((key, i) => [key, { id: '1', rule: i === 0 ? GOLD : fifty('abcdefgh'[i]!) }])));
    expect(() => compileRule(fifty('h'), bomb)).toThrow(RuleTooLarge);
    expect(MAX_INLINED).toBe(500);
  });
});

describe('compileUnion', () => {
  it('is the union of include minus the union of exclude', () => {
    const env = environment({ a: { id: '1', rule: null }, b: { id: '2', rule: null }, c: { id: '3', rule: null } });
    const { sql, params } = compileUnion({ include: ['a', 'b'], exclude: ['c', 'everyone'] }, env, 2);
    const member = (n: number): string => `exists (select from segment_members k where k.segment_id = $${n}::bigint and k.user_id = u.id)`;
    expect(sql).toBe(`((${member(2)} or ${member(3)}) and not (${member(4)} or true))`);
    expect(params).toEqual(['1', '2', '3']);
  });

  it('holds nobody where nothing is included', () => {
    expect(compileUnion({ include: [], exclude: [] }, environment()).sql).toBe('false');
  });
});
