import fc from 'fast-check';
import { DateTime } from 'luxon';
import { WEEKDAYS, type QuietHours, type Weekday } from './policy.js';
import { leavesTimeOpen, quietAt, quietIntervals } from './quiet-hours.js';

const ZONES = [
  'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe',
];
const HOUR = 3_600_000;
const MINUTE = 60_000;

const window = (start: string, end: string, days: readonly Weekday[] = WEEKDAYS): QuietHours => ({ channel: 'push', start, end, days });
const shown = (windows: QuietHours[], zone: string, from: string, to: string): string[] =>
  quietIntervals(windows, zone, new Date(from), new Date(to))
    .map(({ start, end }) => `${start.toISOString().slice(5, 16)} ${end.toISOString().slice(5, 16)}`);

/** The rule itself, read off the wall clock of one instant. */
function quietByWallClock(windows: QuietHours[], zone: string, t: number): boolean {
  const local = DateTime.fromMillis(t, { zone });
  const minute = local.hour * 60 + local.minute;
  const today = WEEKDAYS[local.weekday - 1]!;
  const yesterday = WEEKDAYS[(local.weekday + 5) % 7]!;
  return windows.some(({ start, end, days }) => {
    const [first, last] = [start, end].map((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
    if (first! < last!) return days.includes(today) && first! <= minute && minute < last!;
    return (days.includes(today) && minute >= first!) || (days.includes(yesterday) && minute < last!);
  });
}

describe('quiet intervals', () => {
  it('run over midnight and belong to their start day', () => {
    // 2026-06-05 is a Friday.
    expect(shown([window('22:00', '08:00', ['fri'])], 'UTC', '2026-06-04T00:00:00Z', '2026-06-09T00:00:00Z'))
      .toEqual(['06-05T22:00 06-06T08:00']);
  });

  it('are given whole where they began before or end after the range', () => {
    expect(shown([window('22:00', '08:00')], 'UTC', '2026-06-04T03:00:00Z', '2026-06-04T23:00:00Z'))
      .toEqual(['06-03T22:00 06-04T08:00', '06-04T22:00 06-05T08:00']);
  });

  it('end before `end` and begin at `start`, to the millisecond', () => {
    const [interval] = quietIntervals([window('22:00', '08:00')], 'Asia/Kathmandu', new Date('2026-06-04T20:00:00Z'), new Date('2026-06-04T20:01:00Z'));
    expect(interval).toEqual({ start: new Date('2026-06-04T16:15:00Z'), end: new Date('2026-06-05T02:15:00Z') });
    expect(quietAt(interval!.start, [interval!])).toBe(interval);
    expect(quietAt(new Date(interval!.start.getTime() - 1), [interval!])).toBeUndefined();
    expect(quietAt(new Date(interval!.end.getTime() - 1), [interval!])).toBe(interval);
    expect(quietAt(interval!.end, [interval!])).toBeUndefined();
  });

  it('are not there when they only touch the range', () => {
    expect(shown([window('08:00', '09:00')], 'UTC', '2026-06-04T09:00:00Z', '2026-06-05T08:00:00Z')).toEqual([]);
  });

  it('last one hour less or more when the clocks change in the night', () => {
    const night = [window('22:00', '08:00')];
    expect(shown(night, 'Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-28T23:00:00Z')).toEqual(['03-28T21:00 03-29T06:00']);
    expect(shown(night, 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-24T23:00:00Z')).toEqual(['10-24T20:00 10-25T07:00']);
  });

  it('are quiet twice in an hour that is shown twice, and never in one that is skipped', () => {
    const early = [window('02:00', '02:30')];
    expect(shown(early, 'Europe/Berlin', '2026-10-25T00:00:00Z', '2026-10-25T03:00:00Z'))
      .toEqual(['10-25T00:00 10-25T00:30', '10-25T01:00 10-25T01:30']);
    expect(shown(early, 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T03:00:00Z')).toEqual([]);
  });

  it('merge windows that overlap or meet', () => {
    expect(shown([window('20:00', '23:00'), window('22:00', '00:00'), window('00:00', '06:00')], 'UTC', '2026-06-04T12:00:00Z', '2026-06-05T12:00:00Z'))
      .toEqual(['06-04T20:00 06-05T06:00']);
  });

  it('reach over days that are quiet from end to end', () => {
    const weekend = [window('00:00', '12:00', ['sat', 'sun']), window('12:00', '00:00', ['sat', 'sun']), window('00:00', '06:00', ['mon'])];
    expect(shown(weekend, 'UTC', '2026-06-07T23:00:00Z', '2026-06-07T23:01:00Z')).toEqual(['06-06T00:00 06-08T06:00']);
  });

  it('survive the day that Samoa skipped', () => {
    // After Thursday 2011-12-29 came Saturday the 31st; Friday's night window still ends on Saturday morning, by its wall clock.
    expect(shown([window('22:00', '08:00', ['fri'])], 'Pacific/Apia', '2011-12-30T00:00:00Z', '2012-01-01T00:00:00Z'))
      .toEqual(['12-30T10:00 12-30T18:00']);
  });

  it('refuse a zone that does not exist', () => {
    expect(() => shown([window('22:00', '08:00')], 'Europe/Atlantis', '2026-06-04T00:00:00Z', '2026-06-05T00:00:00Z')).toThrow(RangeError);
  });
});

const time = fc.integer({ min: 0, max: 95 }).map((n) => `${String(Math.floor(n / 4)).padStart(2, '0')}:${String((n % 4) * 15).padStart(2, '0')}`);
const anyWindow = fc.record({ start: time, end: time, days: fc.subarray([...WEEKDAYS], { minLength: 1 }) })
  .filter(({ start, end }) => start !== end).map(({ start, end, days }) => window(start, end, days));
// Half of the instants lie within two days of a clock change of 2024 to 2030 in one of the zones.
const changes = ['2024-03-31', '2024-11-03', '2025-04-06', '2026-10-25', '2027-10-03', '2028-03-12', '2030-04-07'];
const instant = fc.oneof(
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -48 * 60, max: 48 * 60 })).map(([day, minutes]) => Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE),
  fc.integer({ min: Date.parse('2024-01-01') / MINUTE, max: Date.parse('2030-12-31') / MINUTE }).map((n) => n * MINUTE));

it('quiet intervals are what the wall clock says, minute by minute, in every zone', () => {
  fc.assert(fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 4 }), fc.constantFrom(...ZONES), instant, fc.integer({ min: 1, max: 30 }),
    (windows, zone, from, hours) => {
      const intervals = quietIntervals(windows, zone, new Date(from), new Date(from + hours * HOUR));
      for (let t = from; t < from + hours * HOUR; t += 15 * MINUTE) {
        for (const at of [t - 1, t]) {
          if (at >= from) expect([at, quietAt(new Date(at), intervals) !== undefined]).toEqual([at, quietByWallClock(windows, zone, at)]);
        }
      }
      for (const { start, end } of leavesTimeOpen(windows) ? intervals : []) {
        const edges = [start.getTime() - 1, start.getTime(), end.getTime() - 1, end.getTime()];
        expect(edges.map((at) => quietByWallClock(windows, zone, at))).toEqual([false, true, true, false]);
      }
    }), { numRuns: 100 });
});

describe('leavesTimeOpen', () => {
  it.each([
    [true, [window('22:00', '08:00')]],
    [true, [window('00:00', '23:59')]],
    [true, []],
    [true, [window('00:00', '12:00'), window('12:00', '00:00', ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'])]],
    [false, [window('00:00', '12:00'), window('12:00', '00:00')]],
    [false, [window('22:00', '08:00'), window('07:00', '22:00')]],
  ])('is %s for %j', (open, windows) => {
    expect(leavesTimeOpen(windows)).toBe(open);
  });
});
