import type { EventCondition, MessageCondition, Window } from '../rule/types.js';
import { testNumber, testValue, valueAt } from './comparison.js';
import { ZERO, add, compare, decimal, type Decimal } from './decimal.js';
import type { EvaluationSettings, WorldEvent, WorldMessage } from './world.js';

const DAY_MS = 86_400_000;

/** `within` is (now − within, now]; else [from, to), and up to now where nothing else ends it. */
function inWindow(at: Date, { within, from, to }: Window, now: Date): boolean {
  const [t, n] = [at.getTime(), now.getTime()];
  if (within !== undefined) return t > n - within && t <= n;
  return (!from || t >= from.getTime()) && (to ? t < to.getTime() : t <= n);
}

export function testEvents(events: readonly WorldEvent[], condition: EventCondition, settings: EvaluationSettings): boolean {
  const { now } = settings;
  const matching = events.filter((event) => event.name === condition.event && inWindow(event.occurredAt, condition.window, now)
    && condition.where.every(({ path, test }) => testValue(valueAt(event.properties, path), test, now)));
  const amounts = matching.flatMap((event) => amountOf(event, condition, settings.currency));
  const times = matching.map((event) => event.occurredAt.getTime());
  const { test } = condition;
  switch (condition.aggregate) {
    case 'count':
      return testNumber(decimal(matching.length), test);
    case 'sum':
      return testNumber(amounts.reduce(add, ZERO), test);
    case 'distinctDays':
      return testNumber(decimal(new Set(times.map((t) => Math.floor(t / DAY_MS))).size), test);
    case 'average':
      return amounts.length > 0 && testNumber(amounts.reduce(add, ZERO), test, amounts.length);
    case 'min':
    case 'max':
      return amounts.length > 0 && testNumber(extreme(amounts, condition.aggregate), test);
    case 'daysSinceFirst':
      return times.length > 0 && testNumber(decimal(Math.floor((now.getTime() - Math.min(...times)) / DAY_MS)), test);
    case 'daysSinceLast':
      return times.length > 0 && testNumber(decimal(Math.floor((now.getTime() - Math.max(...times)) / DAY_MS)), test);
  }
}

/** The amount counts in the settings' currency or without one, a property only where it is a number. */
function amountOf(event: WorldEvent, { of }: EventCondition, currency: string): Decimal[] {
  if (of === 'value') return event.value !== null && (event.currency ?? currency) === currency ? [decimal(event.value)] : [];
  const value = valueAt(event.properties, of);
  return typeof value === 'number' ? [decimal(value)] : [];
}

function extreme(amounts: readonly Decimal[], which: 'min' | 'max'): Decimal {
  return amounts.reduce((best, one) => ((compare(one, best) < 0) === (which === 'min') ? one : best));
}

export function testMessages(messages: readonly WorldMessage[], condition: MessageCondition, now: Date): boolean {
  const { channel, campaignId, within, fact } = condition;
  const hit = (at: Date | null): boolean => at !== null && at <= now && (within === undefined || at.getTime() > now.getTime() - within);
  const count = messages.filter((message) =>
    (channel === undefined || message.channel === channel)
    && (campaignId === undefined || message.campaignId === campaignId)
    && timesOf(message, fact).some(hit)).length;
  return testNumber(decimal(count), condition.test);
}

function timesOf(message: WorldMessage, fact: MessageCondition['fact']): readonly (Date | null)[] {
  switch (fact) {
    case 'sent':
      return [message.sentAt];
    case 'opened':
      return [message.openedAt];
    case 'clicked':
      return [message.clickedAt ?? (message.channel === 'push' ? message.openedAt : null)];
    case 'converted':
      return message.conversions;
  }
}
