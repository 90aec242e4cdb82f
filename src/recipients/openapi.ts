import type { ApiBodyOptions } from '@nestjs/swagger';
import { PERMISSIONS, PLATFORMS } from './device.js';
import { CHANNELS, SUBSCRIPTION_STATES } from './subscription.js';

type Schema = NonNullable<Extract<ApiBodyOptions, { schema: unknown }>['schema']>;
type SchemaObject = Extract<Schema, { type?: unknown }>;

const text = (max: number): SchemaObject => ({ type: 'string', minLength: 1, maxLength: max });
const time: SchemaObject = { type: 'string', format: 'date-time' };

// Written by hand, because these bodies are read by hand: a batch has no class for each row.
export const DEVICE_SCHEMA: SchemaObject = {
  type: 'object', required: ['token', 'platform'], additionalProperties: false,
  properties: {
    token: { ...text(4096), description: 'FCM registration token on every platform; a raw APNs token is refused' },
    platform: { type: 'string', enum: [...PLATFORMS] },
    appVersion: { ...text(100), nullable: true },
    permission: { type: 'string', enum: [...PERMISSIONS], nullable: true },
    timezone: { type: 'string', example: 'Europe/Berlin', nullable: true },
    locale: { type: 'string', example: 'de-AT', nullable: true },
    lastSeenAt: { ...time, description: 'ingest keys only; default now' },
  },
};

export const SUBSCRIPTION_SCHEMA: SchemaObject = {
  type: 'object', required: ['channel', 'state'], additionalProperties: false,
  properties: {
    channel: { type: 'string', enum: [...CHANNELS] },
    topic: { type: 'string', pattern: '^[a-z0-9_-]{1,64}$', description: 'absent: the whole channel' },
    state: { type: 'string', enum: [...SUBSCRIPTION_STATES] },
    occurredAt: { ...time, description: 'the latest wins; default now' },
    source: text(100),
    messageId: { ...text(64), description: 'the message in which the wish was made' },
  },
};

export const USERS_BATCH_SCHEMA: SchemaObject = {
  type: 'object', required: ['users'], additionalProperties: false,
  properties: {
    users: {
      type: 'array', maxItems: 1000,
      items: {
        type: 'object', required: ['userId'], additionalProperties: false,
        properties: {
          userId: text(255),
          email: { type: 'string', format: 'email', nullable: true },
          timezone: { type: 'string', nullable: true },
          locale: { type: 'string', nullable: true },
          createdAt: time,
          attributes: { type: 'object', additionalProperties: true, nullable: true, description: 'merged by top-level key; null removes a key' },
          devices: { type: 'array', items: DEVICE_SCHEMA },
          subscriptions: { type: 'array', items: SUBSCRIPTION_SCHEMA },
        },
      },
    },
  },
};
