import type { CampaignBody } from './campaign.dto.js';
import { frozenChanges, patchedBody, toDefinition } from './campaign-definition.js';

const BODY: CampaignBody = {
  name: 'Win back', channel: 'push', topic: 'promo', template: 'winback', audience: { include: ['everyone'] }, schedule: { type: 'now' },
};

it('a minimal body gets the defaults of the contract', () => {
  expect(toDefinition(BODY)).toEqual({
    name: 'Win back', channel: 'push', topic: 'promo', class: 'marketing', tags: [], audience: { include: ['everyone'], exclude: [] },
    variants: [{ key: 'a', template: 'winback', weight: 1 }], holdout: 0, priority: 50, reserve: false, ignoreCaps: false,
    schedule: { type: 'now' }, onFatigue: 'drop', expiresAfter: 'PT24H', onDoubt: 'skip', worth: false,
  });
  expect(toDefinition({ ...BODY, conversion: { event: 'purchase', window: 'P3D' } }).conversion)
    .toEqual({ event: 'purchase', window: 'P3D', attribution: 'sent' });
});

it('a patch replaces fields whole, clears by null and lets `template` stand for all variants', () => {
  const current = toDefinition({ ...BODY, throttlePerMinute: 60, variants: [{ key: 'x', template: 'one' }], template: undefined });
  expect(patchedBody(current, { throttlePerMinute: null, priority: 9 })).toMatchObject({ priority: 9, variants: current.variants });
  expect(patchedBody(current, { throttlePerMinute: null })).not.toHaveProperty('throttlePerMinute');
  expect(patchedBody(current, { template: 'two' })).not.toHaveProperty('variants');
  expect(patchedBody(current, { name: null })).toHaveProperty('name', null);
  expect(patchedBody(current, { audience: { include: ['vip'] } }).audience).toEqual({ include: ['vip'] });
});

it('what was decided by stays while paused', () => {
  const current = toDefinition(BODY);
  const change = (of: Partial<CampaignBody>): string[] => frozenChanges(current, toDefinition({ ...BODY, ...of }));
  expect(change({ name: 'Other', priority: 1, template: 'other', expiresAfter: 'PT1H', class: 'transactional', topic: 'news' })).toEqual([]);
  expect(change({ channel: 'email', holdout: 0.1, schedule: { type: 'at', at: '2026-12-01T00:00:00Z' }, variants: [{ key: 'b', template: 'winback' }] }))
    .toEqual(['channel', 'schedule.type', 'holdout', 'the variants’ keys']);
});
