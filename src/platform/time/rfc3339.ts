const FORM = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');
const MINUTE_MS = 60_000;

/**
 * Reads an RFC 3339 date-time. Strict where `Date.parse` is not: the offset is required, 30 February is no day, and no other
 * form is read. What is finer than a millisecond is cut off. A leap second (23:59:60 UTC) is the second after it.
 * @returns undefined for anything else, and for instants outside the UTC years 1 to 9999.
 */
export function parseInstant(text: string): Date | undefined {
  const part = FORM.exec(text);
  if (!part || !isDay(Number(part[1]), Number(part[2]), Number(part[3]))) return undefined;
  const [hour, minute, second] = [Number(part[4]), Number(part[5]), Number(part[6])];
  const offset = offsetMs(part[8], Number(part[9] ?? 0), Number(part[10] ?? 0));
  if (hour > 23 || minute > 59 || second > 60 || offset === undefined) return undefined;
  // Midnight of the day is read by Date.parse, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const midnight = Date.parse(`${part[1]}-${part[2]}-${part[3]}T00:00:00Z`);
  const seconds = midnight + ((hour * 60 + minute) * 60 + second) * 1000 - offset;
  if (second === 60 && seconds % 86_400_000 !== 0) return undefined;
  const instant = seconds + Number((part[7] ?? '').padEnd(3, '0').slice(0, 3));
  return instant >= FIRST && instant <= LAST ? new Date(instant) : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || day > DAYS[month - 1]!) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month !== 2 || day < 29 || leap;
}

function offsetMs(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
