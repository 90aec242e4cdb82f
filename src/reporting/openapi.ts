import type { ApiOkResponse } from '@nestjs/swagger';

type Schema = Extract<NonNullable<Parameters<typeof ApiOkResponse>[0]>, { schema: unknown }>['schema'];

const n = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const text = { type: 'string' } as const;
const maybe = { type: 'number', nullable: true } as const;
const interval = { type: 'array', items: number, minItems: 2, maxItems: 2, nullable: true } as const;
const object = (properties: object): object => ({ type: 'object', properties });
const list = (properties: object): object => ({ type: 'array', items: object(properties) });

const facts = { delivered: n, opened: n, clicked: n, unsubscribed: n, converted: n, revenue: number };
const rates = object({ deliveryRate: maybe, openRate: maybe, clickRate: maybe, unsubscribeRate: maybe, conversionRate: maybe, revenuePerMessage: maybe });
const counts = {
  audience: n, holdout: n, queued: n, sending: n, sent: n, failed: n, unknown: n, resent: n, deferred: n, suppressed: list({ reason: text, count: n }),
  ...facts, conversions: n, revenueByCurrency: { type: 'object', additionalProperties: number }, cost: number, rates,
};
const figure = object({ treated: maybe, control: maybe, absolute: maybe, relative: maybe, ci95: interval, pValue: maybe, sequence: interval });
const arms = object({ treated: n, control: n });

/** The results route; `audience` is always holdout + queued + sending + sent + failed + unknown + deferred + Σ suppressed. */
export const RESULTS_SCHEMA = object({
  campaignId: text, name: text, runId: { ...text, nullable: true }, channel: text, topic: { ...text, nullable: true }, status: text,
  ignoreCaps: { type: 'boolean' }, asOf: { ...text, format: 'date-time' }, launchedAt: { ...text, format: 'date-time', nullable: true },
  timezone: text, currency: text, ...counts,
  variants: list({ key: text, template: text, weight: number, ...counts, winProbability: maybe }),
  lift: object({ users: arms, converted: arms, conversionRate: figure, revenuePerUser: figure, sampleRatioMismatchP: maybe }),
  byDay: list({ day: { ...text, format: 'date' }, audience: n, sent: n, ...facts }),
  bySegment: list({ segment: text, audience: n, holdout: n, suppressed: n, sent: n, ...facts, rates }),
}) as Schema;

const measured = { sent: n, opened: n, clicked: n, unsubscribed: n, converted: n, revenue: number, openRate: maybe, unsubscribeRate: maybe, conversionRate: maybe, revenuePerMessage: maybe };

export const PERFORMANCE_SCHEMA = object({
  ...measured, byChannel: object({ push: object(measured), email: object(measured) }),
  byPressure: list({ messagesIn7d: n, sent: n, openRate: maybe, unsubscribeRate: maybe }),
}) as Schema;
