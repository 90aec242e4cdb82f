import { invalid, type FieldError } from '../platform/errors/index.js';

/** Runs a hand-written parser over a single body. @throws Problem 400 naming every field that the parser noted */
export function readBody<T>(parse: (errors: FieldError[]) => T | undefined): T {
  const errors: FieldError[] = [];
  const value = parse(errors);
  if (errors.length > 0 || value === undefined) {
    throw invalid(errors.map(({ path, message }) => ({ path: path || 'body', message })));
  }
  return value;
}
