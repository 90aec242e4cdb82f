/** Where the simulated people live: zone, share. The rest has none and lives by the settings' default. */
export const ZONES = [
  ['Europe/Berlin', 0.44],
  ['Europe/London', 0.13],
  ['Europe/Madrid', 0.09],
  ['America/New_York', 0.12],
  ['America/Los_Angeles', 0.06],
  ['America/Sao_Paulo', 0.03],
  ['Asia/Kolkata', 0.04],
  ['Asia/Tokyo', 0.04],
  ['Australia/Sydney', 0.03],
];
export const DEFAULT_ZONE = 'Europe/Berlin';

const DAY_MINUTES = 1440;
const USUAL = { start: 22 * 60, end: 8 * 60 };
const MAX_QUIET_SHARE = 0.3;

/** Minutes since local midnight in the zone, by the wall clock. */
export function localMinutes(zone, at) {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at);
  const part = (type) => Number(parts.find((one) => one.type === type).value);
  return part('hour') * 60 + part('minute');
}

/** Whether a minute of the day lies in the window [start, end), which may run over midnight. */
export function isQuiet(minute, { start, end }) {
  return start <= end ? minute >= start && minute < end : minute >= start || minute < end;
}

/**
 * Quiet hours for the demo: 22:00 to 08:00 in each person's zone, or, where that would silence most of them at this hour, the
 * nearest window as long that leaves most awake. A window that begins or ends for anybody during the demo is passed over, or
 * the simulation and the launch would rightly differ.
 * @param {Map<string, number>} people number of people by zone
 * @param {{from: Date, to: Date}} during while the demo sends
 * @returns {{start: string, end: string, usual: boolean, quietZones: string[], quietShare: number, usualShare: number}}
 */
export function chooseQuietHours(people, { from, to }) {
  const total = [...people.values()].reduce((sum, n) => sum + n, 0);
  const clocks = [...people].map(([zone, n]) => ({ zone, n, from: localMinutes(zone, from), to: localMinutes(zone, to) }));
  const quietOf = (window) => clocks.filter((clock) => isQuiet(clock.from, window));
  const shareOf = (window) => quietOf(window).reduce((sum, { n }) => sum + n, 0) / total;
  const holds = (window) => clocks.every((clock) => isQuiet(clock.from, window) === isQuiet(clock.to, window)) && shareOf(window) <= MAX_QUIET_SHARE;
  const window = windows().find(holds) ?? USUAL;
  return {
    start: clockText(window.start),
    end: clockText(window.end),
    usual: window.start === USUAL.start,
    quietZones: quietOf(window).map(({ zone }) => zone),
    quietShare: shareOf(window),
    usualShare: shareOf(USUAL),
  };
}

/** The usual window, then the same one moved ever further, by quarters of an hour. */
function windows() {
  const steps = Array.from({ length: DAY_MINUTES / 30 }, (_, i) => [15 * i, -15 * i]).flat();
  return steps.map((by) => ({ start: wrap(USUAL.start + by), end: wrap(USUAL.end + by) }));
}

function wrap(minute) {
  return ((minute % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
}

function clockText(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
