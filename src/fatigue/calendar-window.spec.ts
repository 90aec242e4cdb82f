import fc from 'fast-check';
import { DateTime } from 'luxon';
import { calendarWindow } from './calendar-window.js';

const ZONES = [
  'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe', 'Asia/Beirut',
];
const UNITS = ['day', 'week', 'month'] as const;
const HOUR = 3_600_000;

const shown = (unit: 'day' | 'week' | 'month', zone: string, t: string): string[] => {
  const { start, end } = calendarWindow(unit, zone, new Date(t));
  return [start.toISOString(), end.toISOString()];
};
const hours = ({ start, end }: { start: Date; end: Date }): number => (end.getTime() - start.getTime()) / HOUR;

describe('calendar window', () => {
  it('is the local day, the week from Monday and the month', () => {
    expect(shown('day', 'America/New_York', '2026-06-05T03:00:00Z')).toEqual(['2026-06-04T04:00:00.000Z', '2026-06-05T04:00:00.000Z']);
    expect(shown('week', 'Asia/Kathmandu', '2026-06-07T18:14:59Z')).toEqual(['2026-05-31T18:15:00.000Z', '2026-06-07T18:15:00.000Z']);
    expect(shown('month', 'Pacific/Kiritimati', '2026-01-31T10:00:00Z')).toEqual(['2026-01-31T10:00:00.000Z', '2026-02-28T10:00:00.000Z']);
    expect(shown('month', 'Pacific/Pago_Pago', '2024-03-01T10:59:59.999Z')).toEqual(['2024-02-01T11:00:00.000Z', '2024-03-01T11:00:00.000Z']);
  });

  it('holds its start and not its end', () => {
    const { start, end } = calendarWindow('day', 'Europe/Berlin', new Date('2026-06-05T12:00:00Z'));
    expect(calendarWindow('day', 'Europe/Berlin', start)).toEqual({ start, end });
    expect(calendarWindow('day', 'Europe/Berlin', end).start).toEqual(end);
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T12:00:00Z', 23], ['Europe/Berlin', '2026-10-25T12:00:00Z', 25],
    ['America/New_York', '2026-03-08T12:00:00Z', 23], ['America/New_York', '2026-11-01T12:00:00Z', 25],
    ['Australia/Lord_Howe', '2026-10-04T00:00:00Z', 23.5], ['Australia/Lord_Howe', '2026-04-05T00:00:00Z', 24.5],
    ['Asia/Kathmandu', '2026-10-25T12:00:00Z', 24],
  ])('a day in %s around %s has %d hours', (zone, t, expected) => {
    expect(hours(calendarWindow('day', zone, new Date(t)))).toBe(expected);
  });

  it('begins after the gap where midnight does not exist', () => {
    // Cairo's clocks go from 00:00 to 01:00 on the last Friday of April.
    expect(shown('day', 'Africa/Cairo', '2026-04-24T12:00:00Z')).toEqual(['2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z']);
    expect(shown('day', 'Africa/Cairo', '2026-04-23T21:59:59.999Z')[1]).toBe('2026-04-23T22:00:00.000Z');
  });

  it('begins with the first of two midnights', () => {
    // Havana's clocks go from 01:00 back to 00:00.
    expect(shown('day', 'America/Havana', '2024-11-03T12:00:00Z')).toEqual(['2024-11-03T04:00:00.000Z', '2024-11-04T05:00:00.000Z']);
    expect(shown('day', 'America/Havana', '2024-11-03T05:30:00Z')[0]).toBe('2024-11-03T04:00:00.000Z');
  });

  it('does not go back to yesterday where the clock does', () => {
    // Until 2011 Newfoundland's clocks went from 00:01 back to 23:01.
    expect(shown('day', 'America/St_Johns', '2010-11-07T02:45:00Z')).toEqual(['2010-11-07T02:30:00.000Z', '2010-11-08T03:30:00.000Z']);
  });

  it('refuses a zone that does not exist', () => {
    expect(() => calendarWindow('day', 'Europe/Atlantis', new Date(0))).toThrow(RangeError);
  });
});

const instant = fc.date({ min: new Date('2024-01-01'), max: new Date('2030-12-31'), noInvalidDate: true });

it('calendar windows are the ones of the wall clock and follow each other without gap or overlap', () => {
  fc.assert(fc.property(fc.constantFrom(...UNITS), fc.constantFrom(...ZONES), instant, (unit, zone, t) => {
    const window = calendarWindow(unit, zone, t);
    expect(window.start <= t && t < window.end).toBe(true);
    expect(calendarWindow(unit, zone, window.end).start).toEqual(window.end);
    expect(calendarWindow(unit, zone, new Date(window.start.getTime() - 1)).end).toEqual(window.start);
    const local = (at: Date): DateTime => DateTime.fromJSDate(at, { zone });
    const day = (at: DateTime): string => at.startOf(unit).toISODate()!;
    expect(day(local(new Date(window.end.getTime() - 1)))).toBe(day(local(t)));
    expect(day(local(window.start))).toBe(day(local(t)));
    expect(day(local(window.end))).not.toBe(day(local(t)));
  }), { numRuns: 500 });
});
