import { EMPTY_POLICY, WEEKDAYS, type FatiguePolicy, type Tier } from './policy.js';
import { contradictions, toPolicy } from './policy-check.js';

const cap = { key: 'push-day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } } as const;
const paths = (policy: Partial<FatiguePolicy>): string[] => contradictions({ ...EMPTY_POLICY, ...policy }, 1000).map(({ path }) => path);

it('an empty body is the empty policy, and parts get their defaults', () => {
  expect(toPolicy({})).toEqual(EMPTY_POLICY);
  expect(toPolicy({ quietHours: [{ channel: 'any', start: '22:00', end: '08:00' }], adaptive: { enabled: true } })).toEqual({
    ...EMPTY_POLICY, quietHours: [{ channel: 'any', start: '22:00', end: '08:00', days: [...WEEKDAYS] }], adaptive: { ...EMPTY_POLICY.adaptive, enabled: true },
  });
});

it('tiers may only replace limits of caps that exist, by limits in range', () => {
  const tiers: Tier[] = [{ segment: 'vip', caps: { 'push-day': 2 } }, { segment: 'b', caps: {} }, { segment: 'c', caps: { 'push-dya': 2, 'push-day': 0 } },
    { segment: 'd', caps: { 'push-day': '3' as never } }];
  expect(paths({ caps: [cap], tiers })).toEqual(['tiers[1].caps', 'tiers[2].caps.push-dya', 'tiers[2].caps.push-day', 'tiers[3].caps.push-day']);
});

it('quiet hours must leave each channel some time, counting those for any channel', () => {
  const day = { channel: 'any', start: '06:00', end: '20:00', days: WEEKDAYS } as const;
  const night = { channel: 'push', start: '20:00', end: '06:00', days: WEEKDAYS } as const;
  expect(paths({ quietHours: [day] })).toEqual([]);
  expect(contradictions({ ...EMPTY_POLICY, quietHours: [day, night] }, 1000)).toEqual([
    { path: 'quietHours', message: 'leave no minute of the week in which push may be sent' }]);
});
