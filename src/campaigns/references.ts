import { sqlFile, type Queryable } from '../platform/database/index.js';
import type { FieldError } from '../platform/errors/index.js';
import { parseRule } from '../segments/index.js';
import type { CampaignDefinition, Channel } from './campaign.js';

export interface NamedReferences {
  topics: readonly string[];
  segments: readonly string[];
  templates: readonly string[];
  /** The channel that the templates must be of. */
  channel: Channel;
}

interface Missing {
  kind: 'topic' | 'segment' | 'template';
  key: string;
  /** Of a template that is there, for another channel. */
  channel: string | null;
}

const findMissing = sqlFile<NamedReferences, Missing>(import.meta.url, './sql/find-missing-references.sql');

/** What is wrong with each key that does not lead anywhere, by `kind:key`; `everyone` is always there. */
export async function missingReferences(db: Queryable, named: NamedReferences): Promise<Map<string, string>> {
  const rows = await db.query(findMissing, named);
  return new Map(rows.map(({ kind, key, channel }) => [
    `${kind}:${key}`,
    channel === null ? `there is no ${kind} ${key}` : `the template ${key} is for ${channel}`,
  ]));
}

/**
 * Every field of the definition that names something which is not there.
 * @param shorthand the body said `template`, so that this is the field to blame.
 */
export async function referenceErrors(db: Queryable, definition: CampaignDefinition, shorthand: boolean): Promise<FieldError[]> {
  const { topic, audience, variants, channel, schedule } = definition;
  const trigger = schedule.type === 'triggered' ? schedule.segment : undefined;
  const missing = await missingReferences(db, {
    topics: topic === undefined ? [] : [topic],
    segments: [...audience.include, ...audience.exclude, ...(trigger === undefined ? [] : [trigger])],
    templates: variants.map(({ template }) => template),
    channel,
  });
  const named: [string, string][] = [
    ...(topic === undefined ? [] : [['topic', `topic:${topic}`] as [string, string]]),
    ...audience.include.map((key, i): [string, string] => [`audience.include[${i}]`, `segment:${key}`]),
    ...audience.exclude.map((key, i): [string, string] => [`audience.exclude[${i}]`, `segment:${key}`]),
    ...(trigger === undefined ? [] : [['schedule.segment', `segment:${trigger}`] as [string, string]]),
    ...variants.map(({ template }, i): [string, string] => [shorthand ? 'template' : `variants[${i}].template`, `template:${template}`]),
  ];
  return [...triggerErrors(definition), ...named.flatMap(([path, reference]) => {
    const message = missing.get(reference);
    return message === undefined ? [] : [{ path, message }];
  })];
}

/** What a trigger's own fields say that a decorator cannot see: tests of properties, and a segment that nobody ever enters. */
function triggerErrors({ schedule }: CampaignDefinition): FieldError[] {
  if (schedule.type !== 'triggered') return [];
  if (schedule.segment === 'everyone') return [{ path: 'schedule.segment', message: 'nobody enters everyone; name another segment' }];
  if (schedule.where === undefined) return [];
  const parsed = parseRule({ event: schedule.event, where: schedule.where }, 'schedule');
  return parsed.ok ? [] : [...parsed.errors];
}
