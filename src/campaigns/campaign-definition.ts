import type { CampaignDefinition, Schedule } from './campaign.js';
import type { CampaignBody } from './campaign.dto.js';

/** Fields that have no value by default, so that a PATCH may take theirs away with null. */
const CLEARABLE = ['topic', 'throttlePerMinute', 'conversion'];

/** The stored form of a validated body: every default filled in, `template` spelled out as one variant. */
export function toDefinition(body: CampaignBody): CampaignDefinition {
  const variants = body.variants ?? [{ key: 'a', template: body.template! }];
  return {
    name: body.name,
    channel: body.channel,
    ...(body.topic ? { topic: body.topic } : {}),
    class: body.class ?? 'marketing',
    tags: body.tags ?? [],
    audience: { include: body.audience.include, exclude: body.audience.exclude ?? [] },
    variants: variants.map(({ key, template, weight = 1 }) => ({ key, template, weight })),
    holdout: body.holdout ?? 0,
    priority: body.priority ?? 50,
    reserve: body.reserve ?? false,
    ignoreCaps: body.ignoreCaps ?? false,
    schedule: toSchedule(body.schedule),
    onFatigue: body.onFatigue ?? 'drop',
    expiresAfter: body.expiresAfter ?? 'PT24H',
    ...(body.throttlePerMinute ? { throttlePerMinute: body.throttlePerMinute } : {}),
    onDoubt: body.onDoubt ?? 'skip',
    ...(body.conversion ? { conversion: toConversion(body.conversion) } : {}),
    worth: body.worth ?? false,
  };
}

function toSchedule(schedule: CampaignBody['schedule']): Schedule {
  switch (schedule.type) {
    case 'now':
      return { type: 'now' };
    case 'at':
      return { type: 'at', at: schedule.at };
    case 'local':
      return { type: 'local', localAt: schedule.localAt, ifPassed: schedule.ifPassed ?? 'skip' };
    case 'recurring': {
      const { type, cron, timezone, until, reentry } = schedule;
      return { type, cron, timezone, ...(until ? { until } : {}), ...(reentry ? { reentry } : {}) };
    }
    case 'bestHour':
      return { type: 'bestHour', date: schedule.date, from: schedule.from ?? '08:00', to: schedule.to ?? '22:00' };
    case 'triggered': {
      const { type, event, where, segment, delay = 'PT0S', unless, reentry } = schedule;
      const rules = { type, delay, reentry, ...(unless === undefined ? {} : { unless }) };
      return event === undefined ? { ...rules, segment: segment! } : { ...rules, event, ...(where ? { where } : {}) };
    }
  }
}

function toConversion({ event, window, attribution = 'sent' }: NonNullable<CampaignBody['conversion']>): CampaignDefinition['conversion'] {
  return { event, window, attribution };
}

/**
 * The whole body that a PATCH stands for, still to be validated: each field given replaces the field whole, null takes a
 * value away that has no default, and `template` replaces all variants.
 */
export function patchedBody(current: CampaignDefinition, patch: Record<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = { ...current, ...patch };
  for (const field of CLEARABLE) if (body[field] === null) delete body[field];
  if (patch.template !== undefined && patch.variants === undefined) delete body.variants;
  return body;
}

/** What may not change while a campaign is paused, because rows decided by it already stand in the ledger. */
export function frozenChanges(current: CampaignDefinition, next: CampaignDefinition): string[] {
  const keys = (definition: CampaignDefinition): string => definition.variants.map(({ key }) => key).join(' ');
  const frozen: [string, unknown, unknown][] = [
    ['channel', current.channel, next.channel],
    ['schedule.type', current.schedule.type, next.schedule.type],
    ['holdout', current.holdout, next.holdout],
    ['the variants’ keys', keys(current), keys(next)],
  ];
  return frozen.filter(([, before, after]) => before !== after).map(([name]) => name);
}
