import { engagementOf } from '../../src/scoring/index.js';
import type { WorldUser } from '../../src/segments/segment-evaluator.js';
import type { GeneratedMessage, GeneratedUser, World } from './world-arbitraries.js';

/** A generated user as the evaluator sees one: what the engine derives is derived here by hand. */
export function worldUser(user: GeneratedUser, { priors }: World): WorldUser {
  return {
    email: user.email, emailSuppressed: user.email !== null && user.suppressed,
    timezone: user.timezone ?? user.deviceTimezone, locale: user.locale ?? user.deviceLocale,
    createdAt: user.createdAt, lastSeenAt: user.lastSeenAt, attributes: user.attributes,
    events: user.events.map((event) => ({ ...event, value: event.value === null ? null : String(event.value) })),
    messages: user.messages.filter(({ test }) => !test).map((message) => ({
      channel: message.channel, campaignId: String(message.campaign), sentAt: message.state === 'sent' ? message.settledAt : null,
      openedAt: message.openedAt, clickedAt: message.clickedAt, conversions: message.conversions,
    })),
    devices: user.devices, subscriptions: user.subscriptions,
    scores: user.scores && {
      'rfm.recency': user.scores.recency, 'rfm.frequency': user.scores.frequency, 'rfm.monetary': user.scores.monetary, 'rfm.group': user.scores.group,
      'value.probabilityAlive': user.scores.alive, 'value.expectedPurchases90d': user.scores.purchases, 'value.expectedValue90d': user.scores.value,
    },
    engagement: {
      push: engagementOf(attentionHistory(user.messages, 'push'), priors.push),
      email: engagementOf(attentionHistory(user.messages, 'email'), priors.email),
    },
    staticSegments: new Set(user.listed ? ['listed'] : []),
  };
}

function attentionHistory(messages: readonly GeneratedMessage[], channel: 'push' | 'email'): { messages: number; opens: number; lastOpened: number } {
  const counted = messages
    .filter((message) => message.channel === channel && message.state === 'sent' && !message.test && !message.transactional)
    .sort((a, b) => a.settledAt.getTime() - b.settledAt.getTime());
  const opened = counted.map(({ openedAt, clickedAt }) => openedAt !== null || (channel === 'email' && clickedAt !== null));
  return { messages: counted.length, opens: opened.filter(Boolean).length, lastOpened: opened.lastIndexOf(true) + 1 };
}
