import { readDuration, readInstant, readNumberTest, readValueTest } from './comparison.js';
import { isObject, type ObjectReader } from './reader.js';
import {
  AGGREGATES, ENGAGEMENTS, MESSAGE_FACTS,
  type Aggregate, type BuiltInField, type EventCondition, type MessageCondition, type PropertyTest, type Rule, type ScoreName, type Window,
} from './types.js';

const MAX_WHERE = 20;
const CHANNELS = ['push', 'email'] as const;
const TEXT_FIELDS = ['email', 'timezone', 'locale'];
const TIME_FIELDS = ['createdAt', 'lastSeenAt'];
const OF_AGGREGATES: readonly Aggregate[] = ['sum', 'average', 'min', 'max'];

/** The ten groups of the contract; a test holds them to the scoring module's. */
export const GROUPS = [
  'champions', 'loyal', 'potential_loyalist', 'new', 'promising', 'need_attention', 'about_to_sleep', 'cant_lose', 'at_risk', 'hibernating',
] as const;

const SCORES: readonly ScoreName[] = [
  'rfm.recency', 'rfm.frequency', 'rfm.monetary', 'rfm.group',
  'value.probabilityAlive', 'value.expectedPurchases90d', 'value.expectedValue90d',
  ...CHANNELS.flatMap((channel) => ENGAGEMENTS.map((name) => `engagement.${channel}.${name}` as const)),
];

/** The conditions by the field that names them, each with its reader. */
export const CONDITIONS: Readonly<Record<string, (reader: ObjectReader) => Rule>> = {
  attribute: readAttribute,
  event: readEvent,
  message: readMessage,
  score: readScore,
  segment: readSegment,
  reachable: readReachable,
};

function readAttribute(reader: ObjectReader): Rule {
  reader.allow('attribute', 'op', 'value');
  const name = reader.get('attribute');
  if (typeof name !== 'string' || !name.startsWith('$')) {
    return { kind: 'attribute', path: reader.dotted('attribute'), test: readValueTest(reader, ['text', 'number', 'boolean', 'time']) };
  }
  const field = name.slice(1) as BuiltInField;
  const isText = TEXT_FIELDS.includes(field);
  if (isText || TIME_FIELDS.includes(field)) return { kind: 'field', field, test: readValueTest(reader, [isText ? 'text' : 'time']) };
  reader.fail('attribute', `is not a built-in field; known are ${[...TEXT_FIELDS, ...TIME_FIELDS].map((f) => `$${f}`).join(', ')}`);
  return { kind: 'all', rules: [] };
}

function readEvent(reader: ObjectReader): EventCondition {
  reader.allow('event', 'where', 'within', 'from', 'to', 'aggregate', 'of', 'op', 'value');
  const aggregate = reader.oneOf('aggregate', AGGREGATES, 'count');
  if (reader.has('of') && !OF_AGGREGATES.includes(aggregate)) {
    reader.fail('of', `has no meaning for ${aggregate}; it goes with ${OF_AGGREGATES.join(', ')}`);
  }
  const named = reader.has('of') && reader.get('of') !== 'value';
  return {
    kind: 'event',
    event: reader.text('event', 255),
    where: readWhere(reader),
    window: readWindow(reader),
    aggregate,
    of: named ? reader.dotted('of') : 'value',
    test: readNumberTest(reader),
  };
}

/** The tests of an event's properties, of a segment's event condition or a trigger. */
function readWhere(reader: ObjectReader): PropertyTest[] {
  if (!reader.has('where')) return [];
  const list = reader.get('where');
  if (!Array.isArray(list) || list.length > MAX_WHERE) {
    reader.fail('where', `must be a list of at most ${MAX_WHERE} tests of properties`);
    return [];
  }
  return list.flatMap((json: unknown, i): PropertyTest[] => {
    if (!isObject(json)) {
      reader.fail(`where[${i}]`, 'must be an object {property, op, value}');
      return [];
    }
    const inner = reader.inside(json, `where[${i}]`);
    inner.allow('property', 'op', 'value');
    return [{ path: inner.dotted('property'), test: readValueTest(inner, ['text', 'number', 'boolean', 'time']) }];
  });
}

function readWindow(reader: ObjectReader): Window {
  if (reader.has('within')) {
    for (const edge of ['from', 'to']) if (reader.has(edge)) reader.fail(edge, 'does not go together with within');
    return { within: readDuration(reader, 'within') };
  }
  const from = reader.has('from') ? readInstant(reader, 'from') : undefined;
  const to = reader.has('to') ? readInstant(reader, 'to') : undefined;
  if (from && to && from >= to) reader.fail('to', 'must be later than from');
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

function readMessage(reader: ObjectReader): MessageCondition {
  reader.allow('message', 'channel', 'campaignId', 'within', 'op', 'value');
  return {
    kind: 'message',
    fact: reader.oneOf('message', MESSAGE_FACTS),
    ...(reader.has('channel') ? { channel: reader.oneOf('channel', CHANNELS) } : {}),
    ...(reader.has('campaignId') ? { campaignId: reader.text('campaignId', 64) } : {}),
    ...(reader.has('within') ? { within: readDuration(reader, 'within') } : {}),
    test: readNumberTest(reader),
  };
}

function readScore(reader: ObjectReader): Rule {
  reader.allow('score', 'op', 'value');
  const score = reader.oneOf('score', SCORES);
  if (score !== 'rfm.group') return { kind: 'score', score, test: readValueTest(reader, ['number'], NUMBER_TESTS) };
  const test = readValueTest(reader, ['text'], ['eq', 'ne', 'in', 'notIn', 'exists', 'notExists']);
  const groups: readonly string[] = GROUPS;
  const given = 'values' in test ? test.values : 'value' in test ? [test.value] : [];
  if (given.some((group) => typeof group === 'string' && !groups.includes(group))) {
    reader.fail('value', `must be of the groups ${GROUPS.join(', ')}`);
  }
  return { kind: 'score', score, test };
}

const NUMBER_TESTS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'exists', 'notExists'] as const;

function readSegment(reader: ObjectReader): Rule {
  reader.allow('segment');
  const key = reader.text('segment', 64);
  if (key !== '' && !/^[a-z0-9_-]{1,64}$/.test(key)) reader.fail('segment', 'must be the key of a segment: 1 to 64 of a-z, 0-9, _ and -');
  return { kind: 'segment', key };
}

function readReachable(reader: ObjectReader): Rule {
  reader.allow('reachable');
  return { kind: 'reachable', channel: reader.oneOf('reachable', CHANNELS) };
}
