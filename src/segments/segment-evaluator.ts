/** The same rules as the compiler's, over one user in memory: the oracle that the SQL is held to, and what explains it. */
import { parseDuration } from '../platform/time/index.js';
import { testInstant, testNumber, testValue, valueAt } from './oracle/comparison.js';
import { decimal } from './oracle/decimal.js';
import { testEvents, testMessages } from './oracle/facts.js';
import type { EvaluationSettings, WorldUser } from './oracle/world.js';
import type { Channel, Engagement, NumberTest, Rule, ScoreCondition } from './rule/types.js';

export type { EvaluationSettings, WorldEvent, WorldMessage, WorldScores, WorldUser } from './oracle/world.js';

/** The rule of each segment that a rule may name; null for a static one. */
export type RuleBook = ReadonlyMap<string, { readonly rule: Rule | null }>;

/**
 * Whether the rule holds for the user at `settings.now`.
 * @throws Error for a segment that the book does not have
 */
export function evaluateRule(rule: Rule, user: WorldUser, settings: EvaluationSettings, book: RuleBook = new Map()): boolean {
  const { now } = settings;
  switch (rule.kind) {
    case 'all':
      return rule.rules.every((inner) => evaluateRule(inner, user, settings, book));
    case 'any':
      return rule.rules.some((inner) => evaluateRule(inner, user, settings, book));
    case 'not':
      return !evaluateRule(rule.rule, user, settings, book);
    case 'attribute':
      return testValue(valueAt(user.attributes, rule.path), rule.test, now);
    case 'field': {
      const value = user[rule.field];
      return rule.field === 'createdAt' || rule.field === 'lastSeenAt'
        ? testInstant(value as Date | null, rule.test, now)
        : testValue(value, rule.test, now);
    }
    case 'event':
      return testEvents(user.events, rule, settings);
    case 'message':
      return testMessages(user.messages, rule, now);
    case 'score':
      return testScore(user, rule, now);
    case 'segment':
      return inSegment(rule.key, user, settings, book);
    case 'reachable':
      return isReachable(user, rule.channel, settings);
  }
}

function testScore(user: WorldUser, { score, test }: ScoreCondition, now: Date): boolean {
  if (score.startsWith('engagement.')) {
    const [, channel, name] = score.split('.') as [string, Channel, Engagement];
    const value = user.engagement[channel][name];
    return test.op === 'exists' || (test.op !== 'notExists' && testNumber(decimal(value), test as NumberTest));
  }
  return testValue(user.scores?.[score as keyof NonNullable<WorldUser['scores']>], test, now);
}

function inSegment(key: string, user: WorldUser, settings: EvaluationSettings, book: RuleBook): boolean {
  if (key === 'everyone') return true;
  const segment = book.get(key);
  if (!segment) throw new Error(`there is no segment ${key}`);
  return segment.rule ? evaluateRule(segment.rule, user, settings, book) : user.staticSegments.has(key);
}

function isReachable(user: WorldUser, channel: Channel, { consent, staleDeviceAfter, now }: EvaluationSettings): boolean {
  const own = user.subscriptions.filter((subscription) => subscription.channel === channel);
  if (own.some(({ topic, state }) => topic === '' && state === 'unsubscribed')) return false;
  if (consent[channel] === 'optIn' && !own.some(({ state }) => state === 'subscribed')) return false;
  if (channel === 'email') return user.email !== null && !user.emailSuppressed;
  const seenAfter = now.getTime() - (parseDuration(staleDeviceAfter) ?? 0);
  return user.devices.some(({ permission, lastSeenAt }) => permission !== 'denied' && lastSeenAt.getTime() >= seenAfter);
}
