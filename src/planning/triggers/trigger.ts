import type { TriggeredSchedule } from '../../campaigns/index.js';
import { parseDuration } from '../../platform/time/index.js';
import { parseRule, testValue, valueAt } from '../../segments/index.js';

/** A campaign that waits, as the triggers need it. */
export interface WaitingCampaign {
  id: string;
  schedule: TriggeredSchedule;
  expiresAfter: string;
  launchedAt: Date;
}

/** Something that may let one user in. */
export interface Occasion {
  /** Internal id. */
  userId: string;
  at: Date;
  /** What it is, once and for all: the same occasion never enters twice. */
  source: string;
  /** As the template sees it; null for the entry into a segment. */
  event: { name: string; occurredAt: string; value: number | null; currency: string | null; properties: Record<string, unknown> } | null;
}

export interface Entry extends Occasion {
  campaignId: string;
  dueAt: Date;
  expiresAt: Date;
}

/** The entry that an occasion makes: undefined before the launch, past its expiry, or where `where` does not hold. */
export function entryOf({ id, schedule, expiresAfter, launchedAt }: WaitingCampaign, occasion: Occasion, now: Date): Entry | undefined {
  const dueAt = new Date(occasion.at.getTime() + parseDuration(schedule.delay)!);
  const expiresAt = new Date(dueAt.getTime() + parseDuration(expiresAfter)!);
  if (occasion.at < launchedAt || expiresAt < now || !holds(schedule, occasion, now)) return undefined;
  return { ...occasion, campaignId: id, dueAt, expiresAt };
}

function holds({ event, where }: TriggeredSchedule, occasion: Occasion, now: Date): boolean {
  if (where === undefined || where.length === 0) return true;
  const parsed = parseRule({ event, where });
  if (!parsed.ok || parsed.rule.kind !== 'event') throw new Error(`a stored trigger is not valid: ${JSON.stringify(where)}`);
  return parsed.rule.where.every(({ path, test }) => testValue(valueAt(occasion.event?.properties, path), test, now));
}

/** Least milliseconds between two entries of one user: 0 always, Infinity never again. */
export function reentryMs({ reentry }: TriggeredSchedule): number {
  if (reentry === 'always') return 0;
  return reentry === 'never' ? Infinity : parseDuration(reentry)!;
}

/**
 * Which of one user's entries into one campaign are let in, oldest first: each at least `leastMs` after the one before.
 * @param last the last entry there was. @returns those let in.
 */
export function letIn(entries: readonly Entry[], leastMs: number, last: Date | null): Entry[] {
  let previous = last?.getTime() ?? -Infinity;
  return [...entries].sort((a, b) => a.at.getTime() - b.at.getTime()).filter(({ at }) => {
    if (leastMs > 0 && previous > -Infinity && at.getTime() - previous < leastMs) return false;
    previous = at.getTime();
    return true;
  });
}
