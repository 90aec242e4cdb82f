const WEEKS = /^P(\d{1,9})W$/;
const FORM = /^P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.(\d{1,9}))?S)?)?$/;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** The longest duration that is read: with it, an instant of this age minus the duration is still one that can be stored. */
export const MAX_DURATION_MS = 36_525 * DAY;

/**
 * Reads an ISO 8601 duration: weeks alone (`P2W`), or days, hours, minutes and seconds (`P1DT12H`, `PT0.5S`). A day is 24 hours.
 * Years and months are refused because they have no length of their own.
 * @returns milliseconds, 0 or more; undefined for anything else, and for more than a hundred years.
 */
export function parseDuration(text: string): number | undefined {
  const ms = weeks(text) ?? parts(text);
  return ms !== undefined && ms <= MAX_DURATION_MS ? ms : undefined;
}

function weeks(text: string): number | undefined {
  const match = WEEKS.exec(text);
  return match ? Number(match[1]) * 7 * DAY : undefined;
}

function parts(text: string): number | undefined {
  const match = FORM.exec(text);
  // The form lets every part be absent, and a T with nothing after it: neither is a duration.
  if (!match || text === 'P' || text.endsWith('T')) return undefined;
  const number = (i: number): number => Number(match[i] ?? 0);
  const milliseconds = Number((match[5] ?? '').padEnd(3, '0').slice(0, 3));
  return number(1) * DAY + number(2) * HOUR + number(3) * 60 * SECOND + number(4) * SECOND + milliseconds;
}
