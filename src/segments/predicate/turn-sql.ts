import { parseDuration } from '../../platform/time/index.js';
import type { EventCondition, MessageCondition, NumberTest, Path, Rule, ValueTest } from '../rule/types.js';
import { jsonAt } from './comparison-sql.js';
import type { Writer } from './context.js';
import { eventRows, needsEvents } from './event-sql.js';
import { FACTS } from './message-sql.js';

/** What ties a column with a user's internal id to the users in question: `x = any(…)`, or `true` for all. */
export type TieUsers = (column: string) => string;

const DAY_MS = 86_400_000;

/**
 * SELECTs of (user_id, at): the instants in (now, until] at which time alone may turn one condition for a user. At least the true
 * ones; one too many only costs an evaluation. A condition that time cannot turn has none.
 */
export function turnSelects(writer: Writer, rule: Rule, tie: TieUsers): string[] {
  switch (rule.kind) {
    case 'attribute':
      return recent(rule.test) ? [attributeTurns(writer, rule.path, rule.test.ms, tie)] : [];
    case 'field':
      return recent(rule.test) ? [fieldTurns(writer, rule.field === 'createdAt' ? 'u.created_at' : 'u.last_seen_at', rule.test.ms, tie)] : [];
    case 'event':
      return eventTurns(writer, rule, tie);
    case 'message':
      return [messageTurns(writer, rule, tie)];
    case 'reachable':
      return rule.channel === 'push' ? [deviceTurns(writer, tie)] : [];
    default:
      // Scores and engagement change only with what they are computed from.
      return [];
  }
}

function recent(test: ValueTest): test is ValueTest & { op: 'withinLast' | 'notWithinLast'; ms: number } {
  return test.op === 'withinLast' || test.op === 'notWithinLast';
}

/** `(now − ms, now]` holds from the instant on until ms after it. */
function edges({ params }: Writer, instant: string, ms: number | undefined): string {
  const leaving = ms === undefined ? '' : `, (${instant} + ${params.add(ms, 'float8')} * interval '1 millisecond')`;
  return `cross join lateral (values (${instant})${leaving}) b (at)`;
}

const ahead = ({ params }: Writer): string => `b.at > ${params.now()} and b.at <= ${params.until()}`;

function attributeTurns(writer: Writer, path: Path, ms: number, tie: TieUsers): string {
  const json = jsonAt(writer.params, 'u.attributes', path);
  return `select x.user_id, b.at from (
      select u.id as user_id, rfc3339_instant(${json}) as instant from users u where ${tie('u.id')}
    ) x ${edges(writer, 'x.instant', ms)} where ${ahead(writer)}`;
}

function fieldTurns(writer: Writer, column: string, ms: number, tie: TieUsers): string {
  return `select u.id, b.at from users u ${edges(writer, column, ms)} where ${tie('u.id')} and ${ahead(writer)}`;
}

function deviceTurns(writer: Writer, tie: TieUsers): string {
  const ms = parseDuration(writer.env.settings.staleDeviceAfter);
  if (ms === undefined) throw new Error('the setting staleDeviceAfter is no duration');
  // A device is fresh up to and including the last instant.
  return `select v.user_id, b.at from devices v
    cross join lateral (select v.last_seen_at + ${writer.params.add(ms, 'float8')} * interval '1 millisecond' + interval '1 microsecond' as at) b
    where ${tie('v.user_id')} and ${ahead(writer)}`;
}

function messageTurns(writer: Writer, { fact, within }: MessageCondition, tie: TieUsers): string {
  const { at, from } = FACTS[fact];
  return `select m.user_id, b.at from ${from} ${edges(writer, at, within)} where ${tie('m.user_id')} and ${ahead(writer)}`;
}

function eventTurns(writer: Writer, condition: EventCondition, tie: TieUsers): string[] {
  const { window, aggregate, where } = condition;
  const moving = window.within !== undefined || window.to === undefined;
  return [
    ...(moving ? edgeTurns(writer, condition, tie) : []),
    ...where.flatMap(({ path, test }) => (recent(test) ? [propertyTurns(writer, condition.event, path, test.ms, tie)] : [])),
    ...(aggregate === 'daysSinceFirst' || aggregate === 'daysSinceLast' ? [ageTurns(writer, condition, tie)] : []),
  ];
}

/** When an event comes into the window (it is dated in the future) and, `within` later, leaves it. */
function edgeTurns(writer: Writer, condition: EventCondition, tie: TieUsers): string[] {
  const { params } = writer;
  const { within } = condition.window;
  const name = params.add(condition.event, 'text');
  const spans = [
    { shift: '', from: params.now(), to: params.until() },
    ...(within === undefined ? [] : [shifted(writer, within)]),
  ];
  return spans.flatMap(({ shift, from, to }) => {
    const months = `e.month between date_trunc('month', ${from} at time zone 'UTC')::date and date_trunc('month', ${to} at time zone 'UTC')::date`;
    const events = `e.name = ${name} and e.occurred_at > ${from} and e.occurred_at <= ${to} and ${months}`;
    if (needsEvents(condition)) return [`select e.user_id, e.occurred_at${shift} from events e where ${tie('e.user_id')} and ${events}`];
    const days = `d.name = ${name} and d.day between (${from} at time zone 'UTC')::date and (${to} at time zone 'UTC')::date`;
    return [
      `select d.user_id, b.at${shift} from user_event_days d cross join lateral (values (d.first_at), (d.last_at)) b (at)
       where ${tie('d.user_id')} and ${days} and b.at > ${from} and b.at <= ${to}`,
      // Between a day's first and last event lie the others; only a day with more than two has them.
      `select d.user_id, e.occurred_at${shift} from user_event_days d cross join lateral (
         select e.occurred_at from events e where e.user_id = d.user_id and ${events} and e.occurred_at > d.first_at and e.occurred_at < d.last_at offset 0) e
       where ${tie('d.user_id')} and ${days} and d.count > 2`,
    ];
  });
}

function shifted({ params }: Writer, ms: number): { shift: string; from: string; to: string } {
  const by = `${params.add(ms, 'float8')} * interval '1 millisecond'`;
  return { shift: ` + ${by}`, from: `(${params.now()} - ${by})`, to: `(${params.until()} - ${by})` };
}

function propertyTurns(writer: Writer, event: string, path: Path, ms: number, tie: TieUsers): string {
  const name = writer.params.add(event, 'text');
  return `select x.user_id, b.at from (
      select e.user_id, rfc3339_instant(${jsonAt(writer.params, 'e.properties', path)}) as instant from events e
      where ${tie('e.user_id')} and e.name = ${name}
    ) x ${edges(writer, 'x.instant', ms)} where ${ahead(writer)}`;
}

/** Whole days since an event only pass a value of the test on a day or two. */
function ageTurns(writer: Writer, condition: EventCondition, tie: TieUsers): string {
  const of = condition.aggregate === 'daysSinceFirst' ? 'min(r.first_at)' : 'max(r.last_at)';
  const rows = eventRows(writer, condition)((alias) => tie(`${alias}.user_id`));
  return `select g.user_id, b.at from (select r.user_id, ${of} as instant from (${rows}) r group by r.user_id) g
    cross join lateral (select g.instant + k.days * interval '24 hours' as at from unnest(${writer.params.add(turningDays(condition.test), 'float8[]')}) k (days)) b
    where ${ahead(writer)}`;
}

/** The whole numbers of days with which the test may come to hold or cease to. */
export function turningDays(test: NumberTest): number[] {
  const values = 'values' in test ? test.values : [test.value];
  const days = values.flatMap((value) => [Math.ceil(value), Math.floor(value) + 1]);
  // Further than a rule's longest window no event is counted from; an interval could not hold much more.
  return [...new Set(days)].filter((day) => day > 0 && day * DAY_MS <= 1e15).sort((a, b) => a - b);
}
