import { EMPTY_POLICY, WEEKDAYS, onChannel, type Cap, type FatiguePolicy } from './policy.js';
import type { PolicyBody } from './policy.dto.js';
import { leavesTimeOpen } from './quiet-hours.js';

interface FieldError {
  path: string;
  message: string;
}

const CHANNELS = ['push', 'email'] as const;

/** The stored form of a validated body: every part there, every default filled in. */
export function toPolicy(body: PolicyBody): FatiguePolicy {
  const { caps = [], minimumGap = [], quietHours = [], tiers = [] } = body;
  const adaptive = EMPTY_POLICY.adaptive;
  return {
    caps: caps.map(toCap),
    minimumGap: minimumGap.map(({ channel, duration }) => ({ channel, duration })),
    quietHours: quietHours.map(({ channel, start, end, days = WEEKDAYS }) => ({ channel, start, end, days: [...days] })),
    tiers: tiers.map(({ segment, caps: limits }) => ({ segment, caps: { ...limits } })),
    adaptive: {
      enabled: body.adaptive?.enabled ?? adaptive.enabled,
      unopenedStreak: body.adaptive?.unopenedStreak ?? adaptive.unopenedStreak,
      factor: body.adaptive?.factor ?? adaptive.factor,
      floor: body.adaptive?.floor ?? adaptive.floor,
    },
  };
}

function toCap({ key, channel, topic, limit, window }: NonNullable<PolicyBody['caps']>[number]): Cap {
  const counting: Cap['window'] = window.type === 'rolling'
    ? { type: 'rolling', duration: window.duration }
    : { type: 'calendar', unit: window.unit, timezone: window.timezone };
  return { key, channel, ...(topic === undefined ? {} : { topic }), limit, window: counting };
}

/**
 * What no single field shows: tiers that name no cap, limits out of range, quiet hours that leave no time open.
 * @param maxLimit the largest limit of a cap.
 */
export function contradictions(policy: FatiguePolicy, maxLimit: number): FieldError[] {
  return [...tierErrors(policy, maxLimit), ...quietErrors(policy)];
}

function tierErrors({ tiers, caps }: FatiguePolicy, maxLimit: number): FieldError[] {
  const known = new Set(caps.map(({ key }) => key));
  return tiers.flatMap(({ caps: limits }, i) => {
    const entries = Object.entries<unknown>(limits);
    if (entries.length === 0) return [{ path: `tiers[${i}].caps`, message: 'must name at least one cap' }];
    return entries.flatMap(([key, limit]) => {
      const path = `tiers[${i}].caps.${key}`;
      if (!known.has(key)) return [{ path, message: `there is no cap ${key} in this policy` }];
      const holds = typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= maxLimit;
      return holds ? [] : [{ path, message: `must be a whole number from 1 to ${maxLimit}` }];
    });
  });
}

function quietErrors({ quietHours }: FatiguePolicy): FieldError[] {
  return CHANNELS.filter((channel) => !leavesTimeOpen(onChannel(quietHours, channel)))
    .map((channel) => ({ path: 'quietHours', message: `leave no minute of the week in which ${channel} may be sent` }));
}
