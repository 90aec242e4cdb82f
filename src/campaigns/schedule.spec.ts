import { firstDue, isMissed } from './schedule.js';

const NOW = new Date('2026-06-05T12:00:00Z');

it('a campaign for now is due now, one with `at` at that very instant, whatever its offset', () => {
  expect(firstDue({ type: 'now' }, NOW)).toEqual(NOW);
  expect(firstDue({ type: 'at', at: '2026-12-01T18:00:00+01:00' }, NOW)).toEqual(new Date('2026-12-01T17:00:00Z'));
  expect(() => firstDue({ type: 'at', at: '2026-12-01' }, NOW)).toThrow('not an instant');
});

it('a launch is late from more than five minutes after its instant', () => {
  expect(isMissed(new Date('2026-06-05T11:55:00Z'), NOW)).toBe(false);
  expect(isMissed(new Date('2026-06-05T11:54:59.999Z'), NOW)).toBe(true);
  expect(isMissed(new Date('2027-01-01T00:00:00Z'), NOW)).toBe(false);
});
