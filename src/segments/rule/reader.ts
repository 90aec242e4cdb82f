/** One mistake in a rule and where it is (`rule.all[1].value`). */
export interface RuleError {
  readonly path: string;
  readonly message: string;
}

export type Json = Record<string, unknown>;

export const MAX_TEXT = 1_000;

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * Reads one JSON object of a rule field by field. A mistake is noted with its path and reading goes on, so that the caller
 * learns all of them at once; what a reader returns after a mistake is only a placeholder and never leaves the parser.
 */
export class ObjectReader {
  constructor(
    readonly json: Json,
    readonly path: string,
    private readonly errors: RuleError[],
  ) {}

  fail(field: string, message: string): void {
    this.errors.push({ path: field === '' ? this.path : `${this.path}.${field}`, message });
  }

  has(field: string): boolean {
    return Object.hasOwn(this.json, field);
  }

  get(field: string): unknown {
    return this.has(field) ? this.json[field] : undefined;
  }

  /** Names every field that is not among those the condition knows. */
  allow(...fields: string[]): void {
    for (const field of Object.keys(this.json)) {
      if (!fields.includes(field)) this.fail(field, `is not a field of this condition; known are ${fields.join(', ')}`);
    }
  }

  /** A text of 1 to `max` characters that the database can hold. */
  text(field: string, max: number): string {
    const value = this.get(field);
    const fault = textFault(value, max);
    if (fault) this.fail(field, fault);
    return fault ? '' : (value as string);
  }

  /** A name in which dots go into objects: 1 to 255 characters, at most 16 parts, none of them empty. */
  dotted(field: string): string[] {
    const parts = this.text(field, 255).split('.');
    if (parts.length > 16) this.fail(field, 'must have at most 16 parts');
    if (parts.length > 1 && parts.includes('')) this.fail(field, 'must not have an empty part between dots');
    return parts;
  }

  oneOf<T extends string>(field: string, choices: readonly T[], fallback?: T): T {
    const value = this.get(field);
    if (value === undefined && fallback !== undefined) return fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) this.fail(field, `must be one of ${choices.join(', ')}`);
    return chosen ?? choices[0]!;
  }

  /** The reader of a part inside, sharing the list of mistakes. */
  inside(json: Json, path: string): ObjectReader {
    return new ObjectReader(json, `${this.path}.${path}`, this.errors);
  }
}

export function textFault(value: unknown, max: number = MAX_TEXT): string | undefined {
  if (typeof value !== 'string') return 'must be a text';
  if (value.length < 1 || value.length > max) return `must have 1 to ${max} characters`;
  if (value.includes('\0') || !value.isWellFormed()) return 'must be well-formed Unicode without NUL';
  return undefined;
}
