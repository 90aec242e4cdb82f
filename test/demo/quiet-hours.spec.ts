import { demoModule } from './demo-module.js';

interface Chosen { start: string; end: string; usual: boolean; quietZones: string[]; quietShare: number; usualShare: number }

const { chooseQuietHours, isQuiet, localMinutes, ZONES } = await demoModule<{
  chooseQuietHours(people: Map<string, number>, during: { from: Date; to: Date }): Chosen;
  isQuiet(minute: number, window: { start: number; end: number }): boolean;
  localMinutes(zone: string, at: Date): number;
  ZONES: [string, number][];
}>('zones');

const people = new Map(ZONES.map(([zone, share]) => [zone, Math.round(share * 1000)]));
const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const SIX_MINUTES = 6 * 60_000;

describe('the quiet hours of the demo', () => {
  it('leave most people awake at every minute of the day, hold for as long as the demo sends, and are ten hours long', () => {
    const midnight = Date.parse('2026-03-28T00:00:00Z'); // the night after, Europe changes its clocks
    for (let minute = 0; minute < 2 * 1440; minute += 7) {
      const from = new Date(midnight + minute * 60_000);
      const to = new Date(from.getTime() + SIX_MINUTES);
      const chosen = chooseQuietHours(people, { from, to });
      const window = { start: minutesOf(chosen.start), end: minutesOf(chosen.end) };
      expect((window.end - window.start + 1440) % 1440).toBe(600);
      expect(chosen.quietShare).toBeLessThanOrEqual(0.3);
      for (const zone of people.keys()) {
        expect(isQuiet(localMinutes(zone, from), window)).toBe(chosen.quietZones.includes(zone));
        expect(isQuiet(localMinutes(zone, to), window)).toBe(chosen.quietZones.includes(zone));
      }
    }
  });

  it('are the usual ones by day', () => {
    const from = new Date('2026-11-22T14:07:00Z');
    expect(chooseQuietHours(people, { from, to: new Date(from.getTime() + SIX_MINUTES) })).toMatchObject({ start: '22:00', end: '08:00', usual: true });
  });
});
