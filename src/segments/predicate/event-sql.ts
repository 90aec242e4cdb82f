import { COUNTING, type EventCondition, type Window } from '../rule/types.js';
import { aggregateSql, existsSql } from './aggregate-sql.js';
import { averageTestSql, jsonAt, jsonTestSql, numberTestHolds, numberTestSql } from './comparison-sql.js';
import type { Writer } from './context.js';

type Tie = (alias: string) => string;

/** One edge of a window: the instant and how times inside compare with it. */
interface Edge {
  readonly at: string;
  readonly inside: '>' | '>=' | '<' | '<=';
}
interface Bounds {
  readonly from?: Edge;
  readonly to: Edge;
}

const DAY_MS = 86_400_000;
const OUTSIDE = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' } as const;
const inside = (time: string, edge: Edge): string => `${time} ${edge.inside} ${edge.at}`;
const outside = (time: string, edge: Edge): string => `${time} ${OUTSIDE[edge.inside]} ${edge.at}`;
const utcDay = (instant: string): string => `(${instant} at time zone 'UTC')::date`;

/** Every parameter must be used in the text, so a form is chosen before any of its values is added. */
export function eventSql(writer: Writer, condition: EventCondition): string {
  const source = sourceOf(writer, condition);
  const raw = needsEvents(condition);
  const presence = condition.aggregate === 'count' ? presenceAsked(condition) : undefined;
  if (presence) {
    const rows = raw ? rawRows(source) : (endpointRows(source) ?? dayRows(source));
    return `${presence === 'none' ? 'not ' : ''}${existsSql(rows)}`;
  }
  return aggregateSql(writer, { rows: raw ? rawRows(source) : dayRows(source), ...aggregateOf(source) });
}

/** The events inside the condition's window, with the columns of aggregates. */
export function eventRows(writer: Writer, condition: EventCondition): (tie: Tie) => string {
  return (needsEvents(condition) ? rawRows : dayRows)(sourceOf(writer, condition));
}

/** Whether only the raw events can answer, not the daily aggregates. */
export function needsEvents({ where, of, aggregate }: EventCondition): boolean {
  return where.length > 0 || of !== 'value' || ['average', 'min', 'max'].includes(aggregate);
}

function sourceOf(writer: Writer, condition: EventCondition): Source {
  return {
    writer, condition,
    name: writer.params.add(condition.event, 'text'),
    currency: () => writer.params.once('currency', writer.env.settings.currency, 'text'),
    bounds: boundsOf(writer, condition.window),
  };
}

function boundsOf({ params }: Writer, window: Window): Bounds {
  const now = (): Edge => ({ at: params.now(), inside: '<=' });
  if (window.within !== undefined) return { from: { at: params.before(window.within), inside: '>' }, to: now() };
  return {
    ...(window.from ? { from: { at: params.instant(window.from), inside: '>=' } } : {}),
    to: window.to ? { at: params.instant(window.to), inside: '<' } : now(),
  };
}

/** `count` compared so that it only asks whether there is an event at all. */
function presenceAsked({ test }: EventCondition): 'some' | 'none' | undefined {
  if ('values' in test) return undefined;
  const asked = `${test.op} ${test.value}`;
  if (asked === 'gte 1' || asked === 'gt 0') return 'some';
  return asked === 'eq 0' || asked === 'lt 1' || asked === 'lte 0' ? 'none' : undefined;
}

interface Source {
  readonly writer: Writer;
  readonly condition: EventCondition;
  readonly name: string;
  readonly currency: () => string;
  readonly bounds: Bounds;
}

function aggregateOf({ writer: { params }, condition: { aggregate, test } }: Source): { select: string; test: string; empty: boolean } {
  const empty = (COUNTING as readonly string[]).includes(aggregate) && numberTestHolds(0, test);
  const compared = (select: string, number = 'g.a'): { select: string; test: string; empty: boolean } =>
    ({ select: `${select} as a`, test: numberTestSql(params, number, test), empty });
  const wholeDays = (): string => `floor(extract(epoch from ${params.now()} - g.a) / 86400)`;
  switch (aggregate) {
    case 'count':
      return compared('coalesce(sum(r.n), 0)');
    case 'sum':
      return compared('coalesce(sum(r.amount), 0)');
    case 'distinctDays':
      return compared('count(distinct r.day)');
    case 'min':
    case 'max':
      return compared(`${aggregate}(r.amount)`);
    case 'daysSinceFirst':
      return compared('min(r.first_at)', wholeDays());
    case 'daysSinceLast':
      return compared('max(r.last_at)', wholeDays());
    case 'average':
      return { select: 'sum(r.amount) as a, count(r.amount) as c', test: averageTestSql(params, 'g.a', 'g.c', test), empty };
  }
}

/**
 * Whole days from the aggregates; of a day that an edge of the window cuts, the events themselves. Cut is only a day whose
 * first and last event lie on different sides, so that most look-ups touch no event at all; each is one by index (LATERAL with
 * OFFSET), where a join would have the planner choose between that and reading whole months.
 */
function dayRows({ name, currency, bounds: { from, to } }: Source): (tie: Tie) => string {
  const ours = `d.currency in ('', ${currency()})`;
  const edges = from ? [from, to] : [to];
  const days = edges.map((edge) => utcDay(edge.at));
  const range = from ? `d.day between ${days[0]} and ${days[1]}` : `d.day <= ${days[0]}`;
  const whole = [...(from ? [inside('d.first_at', from)] : []), inside('d.last_at', to)].join(' and ');
  const cut = [
    ...(from ? [`(${outside('d.first_at', from)} and ${inside('d.last_at', from)})`] : []),
    `(${inside('d.first_at', to)} and ${outside('d.last_at', to)})`,
  ].join(' or ');
  return (tie) => `
    select d.user_id, d.count as n, case when ${ours} then d.sum else 0 end as amount, d.day, d.first_at, d.last_at
    from user_event_days d where ${tie('d')} and d.name = ${name} and ${range} and ${whole}
    union all
    select d.user_id, 1, case when ${ours} then e.value else 0 end, d.day, e.occurred_at, e.occurred_at
    from user_event_days d cross join lateral (
      select e.occurred_at, e.value from events e
      where e.month = date_trunc('month', d.day::timestamp)::date and e.user_id = d.user_id and e.name = d.name
        and ${utcDay('e.occurred_at')} = d.day and e.occurred_at between d.first_at and d.last_at and coalesce(e.currency, '') = d.currency
        and ${edges.map((edge) => inside('e.occurred_at', edge)).join(' and ')}
      offset 0) e
    where ${tie('d')} and d.name = ${name} and d.day in (${days.join(', ')}) and (${cut})`;
}

/**
 * Where the window is open to the past or at least a day long, a day with an event inside has its first or its last event
 * inside: presence then needs neither the events nor a sum. Undefined for shorter windows.
 */
function endpointRows({ condition: { window }, name, bounds: { from, to } }: Source): ((tie: Tie) => string) | undefined {
  const length = window.within ?? (window.from && window.to ? window.to.getTime() - window.from.getTime() : undefined);
  if (from && (length === undefined || length < DAY_MS)) return undefined;
  const hit = from
    ? `d.day between ${utcDay(from.at)} and ${utcDay(to.at)} and ((${inside('d.first_at', from)} and ${inside('d.first_at', to)}) or (${inside('d.last_at', from)} and ${inside('d.last_at', to)}))`
    : inside('d.first_at', to);
  return (tie) => `select from user_event_days d where ${tie('d')} and d.name = ${name} and ${hit}`;
}

/** The events themselves: for `where`, for amounts one by one and for properties. */
function rawRows({ writer: { params }, condition, name, currency, bounds: { from, to } }: Source): (tie: Tie) => string {
  const month = (instant: string): string => `date_trunc('month', ${instant} at time zone 'UTC')::date`;
  const property = condition.of === 'value' ? undefined : jsonAt(params, 'e.properties', condition.of);
  const amount = property
    ? `case when jsonb_typeof(${property}) = 'number' then ${property}::numeric end`
    : `case when coalesce(e.currency, '') in ('', ${currency()}) then e.value end`;
  // The months are implied by the times; said aloud, they keep the look-up to the partitions that can hold them.
  const conditions = [
    `e.name = ${name}`,
    ...(from ? [inside('e.occurred_at', from), `e.month >= ${month(from.at)}`] : []),
    inside('e.occurred_at', to), `e.month <= ${month(to.at)}`,
    ...condition.where.map(({ path, test }) => jsonTestSql(params, jsonAt(params, 'e.properties', path), test)),
  ].join(' and ');
  return (tie) => `
    select e.user_id, 1 as n, ${amount} as amount, ${utcDay('e.occurred_at')} as day, e.occurred_at as first_at, e.occurred_at as last_at
    from events e where ${tie('e')} and ${conditions}`;
}
