import type { FieldError } from '../platform/errors/index.js';
import { isPlainObject } from '../platform/http/index.js';
import { FieldReader } from './field-reader.js';

export const CHANNELS = ['push', 'email'] as const;
export const SUBSCRIPTION_STATES = ['subscribed', 'unsubscribed'] as const;
export type Channel = (typeof CHANNELS)[number];
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number];

/** A wish as it came. */
export interface SubscriptionInput {
  channel: Channel;
  /** '' is the whole channel. */
  topic: string;
  state: SubscriptionState;
  occurredAt?: Date;
  source?: string;
  messageId?: string;
}

export const KEY = /^[a-z0-9_-]{1,64}$/;
export const KEY_MESSAGE = 'must be a key of 1 to 64 characters out of a-z, 0-9, _ and -';

/**
 * The topic need not exist yet: an opt-out is never refused, and apps may be ahead of the preference page.
 * @returns the subscription, or undefined after noting in `errors` every field that is wrong.
 */
export function parseSubscription(value: unknown, at: string, errors: FieldError[]): SubscriptionInput | undefined {
  if (!isPlainObject(value)) {
    errors.push({ path: at, message: 'must be an object' });
    return undefined;
  }
  const before = errors.length;
  const fields = new FieldReader(value, at, errors);
  fields.required('channel');
  fields.required('state');
  const subscription = {
    channel: fields.oneOf('channel', CHANNELS),
    topic: readTopic(fields),
    state: fields.oneOf('state', SUBSCRIPTION_STATES),
    // No limit to the future here: a phone's wrong clock must not lose an opt-out. What lies ahead counts as now.
    occurredAt: fields.instant('occurredAt'),
    source: fields.text('source', 100),
    messageId: fields.text('messageId', 64),
  };
  fields.refuseOthers();
  return errors.length === before ? (subscription as SubscriptionInput) : undefined;
}

function readTopic(fields: FieldReader): string | undefined {
  const topic = fields.raw('topic');
  if (topic === undefined || topic === null) return '';
  return typeof topic === 'string' && KEY.test(topic) ? topic : fields.fail('topic', KEY_MESSAGE);
}
