import { ValidateBy, type ValidationOptions } from 'class-validator';
import { parseDuration } from './duration.js';
import { parseInstant } from './rfc3339.js';
import { isZone } from './zone.js';

function isText(name: string, holds: (text: string) => boolean, message: string, options?: ValidationOptions): PropertyDecorator {
  const each = options?.each ? 'each value in ' : '';
  return ValidateBy(
    { name, validator: { validate: (value) => typeof value === 'string' && holds(value), defaultMessage: () => `${each}$property ${message}` } },
    options,
  );
}

/**
 * The days that anything can be planned for: nobody means one before there was the engine, and a message's id has no room for a
 * month from 2100 on, wherever on earth it is.
 */
export const FIRST_DAY = '2020-01-01';
export const LAST_DAY = '2099-12-30';

/** Days in UTC, `YYYY-MM-DD`, both included. */
export interface DayBounds {
  from: string;
  to: string;
}

/** An RFC 3339 time with offset; the field stays text, read it with `parseInstant`. */
export function IsInstant(bounds?: DayBounds, options?: ValidationOptions): PropertyDecorator {
  const holds = (text: string): boolean => {
    const day = parseInstant(text)?.toISOString().slice(0, FIRST_DAY.length);
    return day !== undefined && (bounds === undefined || (day >= bounds.from && day <= bounds.to));
  };
  return isText('isInstant', holds, bounds ? `${INSTANT_MESSAGE}, from ${bounds.from} to ${bounds.to}` : INSTANT_MESSAGE, options);
}

/** Bounds in milliseconds, both included. */
export interface DurationBounds {
  min?: number;
  max?: number;
}

/** An ISO 8601 duration without years and months; the field stays text, read it with `parseDuration`. */
export function IsDuration(bounds: DurationBounds = {}, options?: ValidationOptions): PropertyDecorator {
  const { min = 0, max = Infinity } = bounds;
  const holds = (text: string): boolean => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= min && ms <= max;
  };
  const limits = [min > 0 ? ` of at least ${min / 1000} s` : '', max < Infinity ? ` of at most ${max / 1000} s` : ''].join('');
  return isText('isDuration', holds, `must be an ISO 8601 duration such as PT4H or P30D (no years or months)${limits}`, options);
}

/** An IANA time zone. */
export function IsZone(options?: ValidationOptions): PropertyDecorator {
  return isText('isZone', isZone, ZONE_MESSAGE, options);
}

export const INSTANT_MESSAGE = 'must be an RFC 3339 time with offset such as 2026-12-01T18:00:00Z';
export const ZONE_MESSAGE = 'must be an IANA time zone such as Europe/Berlin';
