const FORM = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');
const MINUTE_MS = 60_000;
const FOUR_HUNDRED_YEARS_MS = 146_097 * 86_400_000;
const ZERO = 48;

/**
 * Reads an RFC 3339 date-time. Strict where `Date.parse` is not: the offset is required, 30 February is no day, and no other
 * form is read. What is finer than a millisecond is cut off. A leap second (23:59:60 UTC) is the second after it.
 * @returns undefined for anything else, and for instants outside the UTC years 1 to 9999.
 */
export function parseInstant(text: string): Date | undefined {
  if (!FORM.test(text)) return undefined;
  // Read by position, a batch of events has a thousand of them: the form leaves open only how long the fraction is and which zone ends it.
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)];
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  const offset = offsetMs(text);
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 60 || offset === undefined) return undefined;
  const seconds = midnight(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 - offset;
  if (second === 60 && seconds % 86_400_000 !== 0) return undefined;
  const instant = seconds + milliseconds(text);
  return instant >= FIRST && instant <= LAST ? new Date(instant) : undefined;
}

function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let i = from; i < from + count; i++) number = number * 10 + text.charCodeAt(i) - ZERO;
  return number;
}

/** Date.UTC alone takes the years 0 to 99 for 1900 to 1999: 400 years later the calendar is the same. */
function midnight(year: number, month: number, day: number): number {
  return Date.UTC(year + 400, month - 1, day) - FOUR_HUNDRED_YEARS_MS;
}

function milliseconds(text: string): number {
  if (text[19] !== '.') return 0;
  let value = 0;
  for (let i = 20, worth = 100; worth >= 1 && isDigit(text, i); i++, worth /= 10) value += digits(text, i, 1) * worth;
  return value;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= ZERO + 9;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || day > DAYS[month - 1]!) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month !== 2 || day < 29 || leap;
}

/** @returns undefined for an offset that no zone can have */
function offsetMs(text: string): number | undefined {
  if (/[Zz]$/.test(text)) return 0;
  const [hours, minutes] = [digits(text, text.length - 5, 2), digits(text, text.length - 2, 2)];
  if (hours > 23 || minutes > 59) return undefined;
  return (text.at(-6) === '-' ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
