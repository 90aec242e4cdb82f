import fc from 'fast-check';
import { constantOffsets, instantOf, offsetAt } from '../platform/time/index.js';
import type { RecurringSchedule } from './campaign.js';
import { cronFault } from './cron.js';
import { firstDue, firstRun, firstRuns, isMissed, nextRun, type PlannedRun } from './schedule.js';
import { localMs, nextDay, slotWalls, type Zones } from './zone-waves.js';

const NOW = new Date('2026-06-05T12:00:00Z');
const at = (text: string): Date => new Date(text);
const zones = (...present: string[]): Zones => ({ present, fallback: 'UTC' });
const shown = (run: PlannedRun | null): string[] =>
  (run?.waves ?? []).flatMap(({ dueAt, zones: of, passed }) => (of ?? [null]).map((zone) => `${zone} ${dueAt.toISOString().slice(0, 16)}${passed ? ' passed' : ''}`));

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

describe('a local time', () => {
  const local = (ifPassed: 'skip' | 'nextDay' | 'sendNow') => shown(firstRun({ type: 'local', localAt: '2026-06-05T14:00', ifPassed }, NOW,
    zones('Asia/Kathmandu', 'Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati', 'Pacific/Pago_Pago')));

  it('comes to each zone at its time, and where that has passed is skipped, moved to the next day or sent now', () => {
    const ahead = ['Europe/Berlin 2026-06-05T12:00', 'America/New_York 2026-06-05T18:00'];
    expect(local('skip')).toEqual([
      'Asia/Kathmandu 2026-06-05T08:15 passed', ...ahead, 'Pacific/Kiritimati 2026-06-05T00:00 passed', 'Pacific/Pago_Pago 2026-06-06T01:00']);
    expect(local('nextDay')).toEqual([
      'Asia/Kathmandu 2026-06-06T08:15', ...ahead, 'Pacific/Kiritimati 2026-06-06T00:00', 'Pacific/Pago_Pago 2026-06-06T01:00']);
    expect(local('sendNow')).toEqual([
      'Asia/Kathmandu 2026-06-05T12:00', 'Europe/Berlin 2026-06-05T12:00', 'Pacific/Kiritimati 2026-06-05T12:00', 'America/New_York 2026-06-05T18:00',
      'Pacific/Pago_Pago 2026-06-06T01:00']);
  });

  it('is one wave for all the zones to which it comes at one instant, passed ones apart', () => {
    const together = (localAt: string, ifPassed: 'skip' | 'sendNow') => firstRun({ type: 'local', localAt, ifPassed }, NOW,
      zones('Asia/Kathmandu', 'Europe/Berlin', 'Europe/Paris', 'Africa/Lagos'))!.waves.map((wave) => wave.zones);
    expect(together('2026-06-06T14:00', 'skip')).toEqual([['Asia/Kathmandu'], ['Europe/Berlin', 'Europe/Paris'], ['Africa/Lagos']]);
    expect(together('2026-06-05T08:00', 'skip')).toEqual([['Asia/Kathmandu'], ['Europe/Berlin', 'Europe/Paris'], ['Africa/Lagos']]);
    expect(together('2026-06-05T08:00', 'sendNow')).toEqual([['Asia/Kathmandu', 'Europe/Berlin', 'Europe/Paris', 'Africa/Lagos']]);
    // In winter Berlin and Lagos have one time: a local one is one wave, and of a best hour, which counts the summer's answers, two.
    const winter = zones('Europe/Berlin', 'Europe/Paris', 'Africa/Lagos');
    expect(firstRun({ type: 'bestHour', date: '2026-12-06', from: '12:00', to: '13:00' }, NOW, zones('Mars/Olympus', 'UTC'))!.waves).toHaveLength(2);
    expect(firstRun({ type: 'local', localAt: '2026-12-06T14:00', ifPassed: 'skip' }, NOW, winter)!.waves.map((wave) => wave.zones)).toEqual([winter.present]);
    expect(firstRun({ type: 'bestHour', date: '2026-12-06', from: '12:00', to: '14:00' }, NOW, winter)!.waves.map((wave) => [wave.slot, wave.zones]))
      .toEqual([[0, ['Europe/Berlin', 'Europe/Paris']], [1, ['Europe/Berlin', 'Europe/Paris']], [0, ['Africa/Lagos']], [1, ['Africa/Lagos']]]);
  });

  it('with nextDay is the first of its kind that has not passed, through every change of the clocks', () => {
    const places = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu', 'Africa/Casablanca'];
    const minutes = fc.integer({ min: 0, max: 3 * 366 * 1_440 });
    fc.assert(fc.property(fc.constantFrom(...places), minutes, fc.integer({ min: 0, max: 40 * 1_440 }), (zone, from, later) => {
      const wall = Date.parse('2024-01-01T00:00:00Z') + from * 60_000;
      const now = new Date(wall + later * 60_000);
      let expected = wall;
      while (now.getTime() - instantOf(zone, expected) >= 60_000) expected += 86_400_000;
      const localAt = new Date(wall).toISOString().slice(0, 16);
      expect(firstRun({ type: 'local', localAt, ifPassed: 'nextDay' }, now, zones(zone))!.waves[0]!.dueAt.getTime()).toBe(instantOf(zone, expected));
    }), { numRuns: 2_000 });
  });

  it('of a thousand years ago is found in a few steps', () => {
    const asked: number[] = [];
    const [wall, now] = [Date.parse('1026-12-01T18:00:00Z'), Date.parse('2026-06-05T12:00:00Z')];
    expect(nextDay(wall, now, (local) => asked.push(local) > 0 && local < now)).toBe(Date.parse('2026-06-05T18:00:00Z'));
    expect(asked.length).toBeLessThan(5);
  });

  it('has not passed in the course of its minute', () => {
    const launched = (now: string) => shown(firstRun({ type: 'local', localAt: '2026-06-05T14:00', ifPassed: 'skip' }, at(now), zones('Europe/Berlin')));
    expect(launched('2026-06-05T12:00:59.999Z')).toEqual(['Europe/Berlin 2026-06-05T12:00']);
    expect(launched('2026-06-05T12:01:00Z')).toEqual(['Europe/Berlin 2026-06-05T12:00 passed']);
  });

  it('is that of the default zone for somebody whose zone is none: one broken zone stops nobody', () => {
    expect(shown(firstRun({ type: 'local', localAt: '2026-06-06T14:00', ifPassed: 'skip' }, NOW, zones('Mars/Olympus', 'Europe/Berlin'))))
      .toEqual(['Mars/Olympus 2026-06-06T14:00', 'Europe/Berlin 2026-06-06T12:00']);
  });
});

/** Every change of the clock from 2024 to 2030. */
function transitions(zone: string): { at: number; before: number; after: number }[] {
  const spans = constantOffsets(zone, Date.parse('2024-01-01T00:00:00Z'), Date.parse('2031-01-01T00:00:00Z'));
  return spans.slice(1).map((span, i) => ({ at: span.start, before: spans[i]!.offset, after: span.offset }));
}

describe.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])('every transition 2024 to 2030 in %s', (zone) => {
  const changes = transitions(zone);

  it('has the clock changes of the zone', () => {
    expect(changes).toHaveLength(['Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'].includes(zone) ? 0 : 14);
  });

  it('a local time in a gap moves forward by the gap, in an overlap the first instant counts', () => {
    for (const { at: change, before, after } of changes) {
      const gap = after - before;
      // A minute before, each end and the middle of what the clock skips or shows twice, and a minute after.
      const low = change + Math.min(before, after);
      const high = change + Math.max(before, after);
      for (const wall of [low - 60_000, low, (low + high) / 2, high - 1, high, high + 60_000]) {
        const run = firstRun({ type: 'local', localAt: new Date(wall).toISOString().slice(0, 19), ifPassed: 'skip' }, at('2023-01-01T00:00:00Z'), zones(zone));
        const due = run!.waves[0]!.dueAt.getTime();
        const whole = Math.floor(wall / 1000) * 1000;
        const shows = due + offsetAt(zone, due);
        if (gap > 0 && whole >= low && whole < high) expect(shows).toBe(whole + gap);
        else {
          expect(shows).toBe(whole);
          // The first: an hour and a half earlier the clock does not show it.
          for (const earlier of [1_800_000, 3_600_000]) expect(due - earlier + offsetAt(zone, due - earlier)).not.toBe(whole);
        }
      }
    }
  });

  it('a daily recurrence comes once for each local day, across every change', () => {
    const schedule: RecurringSchedule = { type: 'recurring', cron: '30 2 * * *', timezone: zone };
    for (const { at: change } of [...changes, { at: Date.parse('2027-03-01T00:00:00Z') }]) {
      let wall = change + offsetAt(zone, change) - 3 * 86_400_000;
      const days: string[] = [];
      for (let i = 0; i < 6; i++) {
        const run = nextRun(schedule, wall, zones(zone), new Date(change - 3 * 86_400_000))!;
        wall = run.localAt!.getTime();
        days.push(new Date(wall).toISOString().slice(0, 10));
        expect(run.scheduledFor.getTime()).toBe(instantOf(zone, wall));
      }
      expect(new Set(days).size).toBe(6);
    }
  });
});

describe('a recurrence', () => {
  const run = (schedule: Partial<RecurringSchedule>, now: string, ...present: string[]) =>
    firstRun({ type: 'recurring', cron: '0 9 * * *', timezone: 'Europe/Berlin', ...schedule }, at(now), zones(...present));

  it('begins with the first time after the launch', () => {
    expect(run({}, '2026-06-05T06:59:59Z')!.scheduledFor).toEqual(at('2026-06-05T07:00:00Z'));
    expect(run({}, '2026-06-05T07:00:00Z')!.scheduledFor).toEqual(at('2026-06-06T07:00:00Z'));
  });

  it('in each user’s zone leaves out the zones in which it had passed at launch, never the whole day', () => {
    expect(shown(run({ timezone: 'user' }, '2026-06-05T12:00:00Z', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Pago_Pago')))
      .toEqual(['America/New_York 2026-06-05T13:00', 'Pacific/Pago_Pago 2026-06-05T20:00']);
    expect(shown(run({ timezone: 'user' }, '2026-06-05T12:00:00Z', 'Asia/Kathmandu'))).toEqual(['Asia/Kathmandu 2026-06-06T03:15']);
  });

  it('in each user’s zone leaves out the zones in which a later one had passed at launch too', () => {
    const launch = at('2026-06-05T12:00:00Z');
    const schedule: RecurringSchedule = { type: 'recurring', cron: '0 9,18 * * *', timezone: 'user' };
    const present = zones('Pacific/Kiritimati', 'Europe/Berlin', 'Pacific/Pago_Pago');
    expect(shown(nextRun(schedule, localMs('2026-06-05T09:00'), present, launch))).toEqual(['Europe/Berlin 2026-06-05T16:00', 'Pacific/Pago_Pago 2026-06-06T05:00']);
    expect(shown(nextRun(schedule, localMs('2026-06-05T18:00'), present, launch)))
      .toEqual(['Pacific/Kiritimati 2026-06-05T19:00', 'Europe/Berlin 2026-06-06T07:00', 'Pacific/Pago_Pago 2026-06-06T20:00']);
  });

  it('comes to everybody for the first time in as many occurrences as that takes, wherever the clocks change', () => {
    const present = ['Pacific/Kiritimati', 'Asia/Kathmandu', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Mars/Olympus'];
    const nearChange = fc.constantFrom('2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-03-08T07:00:00Z', '2026-10-03T15:30:00Z', '2026-04-23T22:00:00Z')
      .chain((change) => fc.integer({ min: -5_000, max: 5_000 }).map((seconds) => new Date(Date.parse(change) + seconds * 1_000)));
    const crons = fc.constantFrom('*/10 * * * *', '30 2 * * *', '0 3,18 * * *', '15 * * * *', '0 0 1 * *');
    fc.assert(fc.property(nearChange, crons, fc.subarray(present), (now, cron, some) => {
      const schedule: RecurringSchedule = { type: 'recurring', cron, timezone: 'user' };
      const expected = new Map<string, number>();
      for (let following = firstRun(schedule, now, zones(...some)); following && expected.size < some.length; following = nextRun(schedule, following.localAt!.getTime(), zones(...some), now)) {
        for (const { zones: of, dueAt } of following.waves) for (const zone of of!) if (!expected.has(zone)) expected.set(zone, dueAt.getTime());
      }
      const waves = firstRuns(schedule, now, zones(...some)).flatMap((first) => first.waves);
      if (some.length > 0) expect(waves.flatMap(({ zones: of, dueAt }) => of!.map((zone) => [zone, dueAt.getTime()])).sort()).toEqual([...expected].sort());
      else expect(waves).toHaveLength(1);
    }), { numRuns: 400 });
  });

  it('ends with `until`, included', () => {
    expect(run({ until: '2026-06-06T07:00:00Z' }, '2026-06-05T08:00:00Z')!.scheduledFor).toEqual(at('2026-06-06T07:00:00Z'));
    expect(run({ until: '2026-06-06T06:59:59Z' }, '2026-06-05T08:00:00Z')).toBeNull();
    expect(run({ timezone: 'user', until: '2026-06-05T12:00:00Z' }, '2026-06-05T13:00:00Z', 'Pacific/Pago_Pago')).toBeNull();
  });

  it('monthly on the 31st comes in months that have one', () => {
    const schedule: RecurringSchedule = { type: 'recurring', cron: '0 9 31 * *', timezone: 'UTC' };
    let wall = localMs('2026-01-01T00:00');
    const months = Array.from({ length: 7 }, () => (wall = nextRun(schedule, wall, zones(), new Date(wall))!.localAt!.getTime())).map((ms) => new Date(ms).getUTCMonth() + 1);
    expect(months).toEqual([1, 3, 5, 7, 8, 10, 12]);
  });

  it('that never comes, or is another time at each reading, is none', () => {
    for (const cron of ['0 0 30 2 *', 'H * * * *', '61 * * * *', '* * * *', '@daily']) expect([cron, cronFault(cron)]).toEqual([cron, expect.any(String)]);
    for (const cron of ['0 9 * * mon-fri', '*/15 8-20 1,15 * *', '0 0 29 2 *', '0 9 * MAR THU']) expect([cron, cronFault(cron)]).toEqual([cron, undefined]);
  });
});

it('a bestHour day has an hour for each begun between from and to, and hours that have passed are left out', () => {
  const schedule = { type: 'bestHour' as const, date: '2026-06-05', from: '12:30', to: '15:00' };
  expect(slotWalls(schedule).map((wall) => new Date(wall).toISOString().slice(11, 16))).toEqual(['12:30', '13:30', '14:30']);
  expect(shown(firstRun(schedule, NOW, zones('Europe/Berlin', 'Asia/Kathmandu')))).toEqual(
    ['Europe/Berlin 2026-06-05T12:30', 'Asia/Kathmandu 2026-06-05T08:45 passed']);
});
