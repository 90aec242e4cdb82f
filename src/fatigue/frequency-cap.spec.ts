import fc from 'fast-check';
import { adaptiveLimit, capVerdict, countingWindow, minimumGapVerdict, type CountingWindow, type UsedSlot } from './frequency-cap.js';
import { EMPTY_POLICY } from './policy.js';

const HOUR = 3_600_000;
const at = (text: string): Date => new Date(`2026-06-${text}Z`);
const used = (...times: string[]): UsedSlot[] => times.map((text, i) => ({ id: `m${i}`, at: text === 'unsettled' ? text : at(text) }));
const day: CountingWindow = { type: 'rolling', ms: 24 * HOUR };

describe('rolling cap', () => {
  it('counts (t − duration, t]: a message of exactly 24 h ago is out, one of this very instant is in', () => {
    const slots = used('04T12:00:00', '05T12:00:00');
    expect(capVerdict({ limit: 2, window: day, used: slots, t: at('05T12:00:00') })).toMatchObject({ passed: true, used: 1, messages: ['m1'], freeAt: null, blockingId: null });
    expect(capVerdict({ limit: 2, window: day, used: slots, t: at('05T11:59:59.999') })).toMatchObject({ passed: true, used: 1, messages: ['m0'] });
    expect(capVerdict({ limit: 1, window: day, used: slots, t: at('05T11:59:59.999') })).toMatchObject({ passed: false, freeAt: at('06T12:00:00') });
  });

  it('is free when the oldest counted message leaves, not a whole window from now', () => {
    const slots = used('03T08:00:00', '05T09:00:00', '02T10:00:00');
    const verdict = capVerdict({ limit: 3, window: { type: 'rolling', ms: 7 * 24 * HOUR }, used: slots, t: at('05T12:00:00') });
    expect(verdict).toEqual({ passed: false, used: 3, messages: ['m2', 'm0', 'm1'], freeAt: at('09T10:00:00'), blockingId: 'm2' });
  });

  it('over a lowered limit waits for as many as are too many', () => {
    const slots = used('05T01:00:00', '05T02:00:00', '05T03:00:00');
    expect(capVerdict({ limit: 2, window: day, used: slots, t: at('05T12:00:00') })).toMatchObject({ used: 3, freeAt: at('06T02:00:00'), blockingId: 'm1' });
  });

  it('counts what is not settled in every window, and takes it as settled now for the next free slot', () => {
    const verdict = capVerdict({ limit: 1, window: day, used: used('unsettled'), t: at('05T12:00:00') });
    expect(verdict).toMatchObject({ passed: false, used: 1, freeAt: at('06T12:00:00') });
  });
});

describe('calendar cap', () => {
  const week: CountingWindow = { type: 'calendar', unit: 'week', zone: 'Europe/Berlin' };

  it('frees at the local Monday', () => {
    // Monday 2026-06-08 begins at 22:00 UTC on Sunday.
    const verdict = capVerdict({ limit: 1, window: week, used: used('01T00:00:00'), t: at('07T21:59:59.999') });
    expect(verdict).toMatchObject({ passed: false, freeAt: at('07T22:00:00') });
    expect(capVerdict({ limit: 1, window: week, used: used('01T00:00:00'), t: at('07T22:00:00') }).passed).toBe(true);
  });

  it('does not count what came before its Monday', () => {
    expect(capVerdict({ limit: 1, window: week, used: used('07T21:59:59.999'), t: at('08T00:00:00') })).toMatchObject({ passed: true, used: 0 });
  });

  it('takes the zone of the user where the policy says so', () => {
    expect(countingWindow({ type: 'calendar', unit: 'day', timezone: 'user' }, 'Asia/Kathmandu', Number)).toEqual({ type: 'calendar', unit: 'day', zone: 'Asia/Kathmandu' });
    expect(countingWindow({ type: 'calendar', unit: 'day', timezone: 'UTC' }, 'Asia/Kathmandu', Number)).toEqual({ type: 'calendar', unit: 'day', zone: 'UTC' });
  });
});

it('a limit of 0 is refused rather than read as "unlimited" or as "one"', () => {
  expect(() => capVerdict({ limit: 0, window: day, used: [], t: at('05T12:00:00') })).toThrow(RangeError);
});

it('the minimum gap passes exactly at its end', () => {
  const gap = { gapMs: 4 * HOUR, used: used('05T08:00:00', '05T06:00:00') };
  expect(minimumGapVerdict({ ...gap, t: at('05T11:59:59.999') })).toMatchObject({ passed: false, freeAt: at('05T12:00:00'), blockingId: 'm0' });
  expect(minimumGapVerdict({ ...gap, t: at('05T12:00:00') }).passed).toBe(true);
});

const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe');
const window: fc.Arbitrary<CountingWindow> = fc.oneof(
  fc.integer({ min: 1, max: 200 * HOUR }).map((ms) => ({ type: 'rolling' as const, ms })),
  fc.record({ type: fc.constant('calendar' as const), unit: fc.constantFrom('day' as const, 'week' as const, 'month' as const), zone }));

it('freeAt is the least instant: the cap passes there, and at no instant from t to 1 ms before', () => {
  const t = Date.parse('2026-03-29T00:30:00Z');
  // Some lie after t: an earlier instant than the latest settlement may be asked about.
  const slot = fc.oneof(fc.constant('unsettled' as const), fc.integer({ min: t - 400 * HOUR, max: t + 100 * HOUR }).map((ms) => new Date(ms)));
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), window, fc.array(slot, { maxLength: 12 }), (limit, of, times) => {
    const slots = times.map((time, i) => ({ id: `m${i}`, at: time }));
    const { passed, freeAt, blockingId } = capVerdict({ limit, window: of, used: slots, t: new Date(t) });
    expect([freeAt === null, blockingId === null]).toEqual([passed, passed]);
    if (!freeAt) return;
    const settled = slots.map((s) => (s.at === 'unsettled' ? { ...s, at: new Date(t) } : s));
    const passes = (ms: number): boolean => capVerdict({ limit, window: of, used: settled, t: new Date(ms) }).passed;
    expect(passes(freeAt.getTime())).toBe(true);
    expect(passes(freeAt.getTime() - 1)).toBe(false);
    const steps = Array.from({ length: 100 }, (_, i) => t + Math.floor(((freeAt.getTime() - t) * i) / 100));
    expect(steps.filter(passes)).toEqual([]);
  }), { numRuns: 150 });
});

describe('adaptive limit', () => {
  const adaptive = { enabled: true, unopenedStreak: 5, factor: 0.5, floor: 1 };

  it.each([[8, 0, 8], [8, 4, 8], [8, 5, 4], [8, 9, 4], [8, 10, 2], [8, 15, 1], [8, 500, 1], [3, 5, 1], [1, 99, 1]])(
    'a limit of %d after %d unopened is %d', (limit, streak, expected) => {
      expect(adaptiveLimit(limit, streak, adaptive)).toBe(expected);
    });

  it('is exact where binary floating point is not', () => {
    expect(adaptiveLimit(100, 10, { ...adaptive, factor: 0.7 })).toBe(49);
    expect(adaptiveLimit(1000, 15, { ...adaptive, factor: 0.1 })).toBe(1);
    expect(adaptiveLimit(1000, 5000, { ...adaptive, factor: 0.99 })).toBe(1);
  });

  it('never rises above the limit, not even to the floor', () => {
    expect(adaptiveLimit(2, 5, { ...adaptive, floor: 3 })).toBe(2);
    expect(adaptiveLimit(9, 5, { ...adaptive, floor: 6 })).toBe(6);
  });

  it('does nothing while switched off', () => {
    expect(adaptiveLimit(8, 500, EMPTY_POLICY.adaptive)).toBe(8);
  });
});
