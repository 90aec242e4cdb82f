import type { FieldError } from '../platform/errors/index.js';
import { INSTANT_MESSAGE, ZONE_MESSAGE, isZone, parseInstant } from '../platform/time/index.js';
import { canonicalLocale } from './locale.js';

const CLOCK_SKEW_MS = 24 * 3_600_000;

/** null: the caller wants the field empty; undefined: it says nothing about it. */
export type Change<T> = T | null | undefined;

/**
 * Reads the fields of one object of unknown shape and notes everything that is wrong, each with its path. Shared by the single
 * routes and by batches of a thousand rows, where a validator class for each row would cost more than storing it.
 */
export class FieldReader {
  private readonly seen = new Set<string>();

  constructor(
    private readonly source: Record<string, unknown>,
    private readonly at: string,
    readonly errors: FieldError[],
  ) {}

  fail(name: string, message: string): undefined {
    this.errors.push({ path: this.path(name), message });
    return undefined;
  }

  path(name: string): string {
    return this.at ? `${this.at}.${name}` : name;
  }

  raw(name: string): unknown {
    this.seen.add(name);
    return Object.hasOwn(this.source, name) ? this.source[name] : undefined;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** Text of `min` to `max` characters. */
  text(name: string, max: number, min = 1): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.length >= min && value.length <= max) return value;
    return this.fail(name, `must be a text of ${min} to ${max} characters`);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && (values as readonly string[]).includes(value)) return value as T;
    return this.fail(name, `must be one of ${values.join(', ')}`);
  }

  /** @param now with it, times more than 24 h later are refused: beyond any clock's error they are mistakes. */
  instant(name: string, now?: Date): Date | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    if (!instant) return this.fail(name, INSTANT_MESSAGE);
    if (now && instant.getTime() > now.getTime() + CLOCK_SKEW_MS) return this.fail(name, 'must not lie more than 24 h in the future');
    return instant;
  }

  zone(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    return typeof value === 'string' && isZone(value) ? value : this.fail(name, ZONE_MESSAGE);
  }

  locale(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const locale = typeof value === 'string' ? canonicalLocale(value) : undefined;
    return locale ?? this.fail(name, 'must be a BCP-47 language tag such as de-AT');
  }

  /** Reads a field that `null` clears. */
  orNull<T>(name: string, read: () => T | undefined): Change<T> {
    return this.raw(name) === null ? null : read();
  }

  required(name: string): void {
    if (!this.has(name)) this.fail(name, 'is required');
  }

  /** Call last: names every field that was never asked for. */
  refuseOthers(): void {
    for (const name of Object.keys(this.source)) {
      if (!this.seen.has(name)) this.fail(name, `property ${name} should not exist`);
    }
  }
}
