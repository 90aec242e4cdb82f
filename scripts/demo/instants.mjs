const DATE = String.raw`(\d{4})-?(\d{2})-?(\d{2})`;
const TIME = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const ZONE = String.raw`(Z|[+-]\d{2}:?\d{2})`;
const INSTANT = new RegExp(`^${DATE}(?:[T ]${TIME}\\s*${ZONE}?)?$`, 'i');

/**
 * Reads a time as logs write it: RFC 3339, or without a zone (then it is UTC), or a date alone (midnight UTC).
 * @returns milliseconds since 1970; undefined for what is none, such as the 30th of February
 */
export function parseInstant(text) {
  const found = INSTANT.exec(text.trim());
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds(found[7]));
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return ms - offsetMs(found[8]);
}

function milliseconds(fraction) {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
}

function offsetMs(zone) {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

export const DAY_MS = 86_400_000;

/** Midnight UTC at or before the instant. */
export function startOfDay(ms) {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}
