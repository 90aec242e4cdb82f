import { EXPLORE_BUCKETS, KAPPA_FLOOR, SLOTS_OF_WEEK, allowedSlots, audienceCurve, chooseSlot, hourOfWeek, shrunk, smoothedRates } from './send-time.js';

const DAY = { type: 'bestHour' as const, date: '2026-03-02', from: '08:00', to: '22:00' };
const EXPLOITS = EXPLORE_BUCKETS;
const at = (how: number, sent: number, answered: number) => ({ how, sent, answered });

it('rates are answers for each message, smoothed in a circle: Sunday 23:00 is beside Monday 00:00', () => {
  const rates = smoothedRates([at(0, 100, 40)], 0.1);
  expect(rates[0]).toBeCloseTo(0.4, 12);
  expect(rates[SLOTS_OF_WEEK - 1]).toBeCloseTo(0.4, 12);
  expect(rates[2]).toBe(0.1);
  expect(smoothedRates([at(10, 100, 50), at(11, 300, 30)], 0)[10]).toBeCloseTo((50 / 2 + 30 / 4) / (100 / 2 + 300 / 4), 12);
});

it('an audience without messages has everybody’s curve, one with ever more has its own', () => {
  const all = [at(9, 1_000, 200), at(20, 1_000, 100)];
  expect(audienceCurve(all, [], 50)).toEqual(smoothedRates(all, 0.15));
  expect(audienceCurve(all, [at(9, 1e9, 9e8)], 50)[9]).toBeCloseTo(0.9, 6);
});

it('a user with no message has exactly the audience’s rate, with ever more the own', () => {
  expect(shrunk(undefined, 0.234, KAPPA_FLOOR)).toBe(0.234);
  expect(shrunk(at(9, 1e9, 7e8), 0.234, KAPPA_FLOOR)).toBeCloseTo(0.7, 6);
});

describe('the hour', () => {
  const curve = Array.from({ length: SLOTS_OF_WEEK }, (_, how) => (how === 19 ? 0.3 : 0.2));
  const { slots, defaultSlot } = allowedSlots(DAY, 'Europe/Berlin', { curve }, []);

  it('is the audience’s best one without a history, and the own one only where it promises 5 % more', () => {
    expect(defaultSlot).toBe(11);
    expect(chooseSlot(slots, defaultSlot, [], KAPPA_FLOOR, EXPLOITS)).toBe(11);
    expect(chooseSlot(slots, defaultSlot, [at(9, 40, 16)], KAPPA_FLOOR, EXPLOITS)).toBe(1);
    expect(chooseSlot(slots, defaultSlot, [at(9, 40, 14)], KAPPA_FLOOR, EXPLOITS)).toBe(11);
  });

  it('is one in ten times any of those allowed, by the user’s hash', () => {
    const tried = Array.from({ length: EXPLORE_BUCKETS }, (_, bucket) => chooseSlot(slots, defaultSlot, [], KAPPA_FLOOR, bucket));
    expect(new Set(tried).size).toBe(slots.length);
  });

  it('is never a quiet one, and any where all are quiet', () => {
    const quiet = (start: string, end: string) => [{ channel: 'push' as const, start, end, days: ['mon' as const] }];
    expect(allowedSlots(DAY, 'Europe/Berlin', { curve }, quiet('18:30', '22:00')).slots.map(({ how }) => how)).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    expect(allowedSlots(DAY, 'Europe/Berlin', { curve }, quiet('07:00', '23:00')).slots).toHaveLength(14);
  });
});

it('hours of the week begin with Monday midnight', () => {
  expect(hourOfWeek(Date.parse('2026-03-02T00:00:00Z'))).toBe(0);
  expect(hourOfWeek(Date.parse('2026-03-08T23:59:00Z'))).toBe(167);
});
