/** One wrong field: where it is (`events[3].value`) and what is wrong with it. */
export interface FieldError {
  path: string;
  message: string;
}

const TITLES: Record<number, string> = {
  400: 'Invalid request', 401: 'Unauthenticated', 403: 'Forbidden', 404: 'Not found', 409: 'Conflict',
  413: 'Too large', 415: 'Unsupported media type', 422: 'Unprocessable', 429: 'Too many requests', 503: 'Unavailable',
};

/** An error meant for the caller; answered as RFC 9457 problem+json. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors?: FieldError[],
    readonly headers: Record<string, string> = {},
  ) {
    super(detail);
  }
  get title(): string {
    return TITLES[this.status] ?? 'Error';
  }
}

export const invalid = (errors: FieldError[], detail = 'The request has invalid fields.'): Problem =>
  new Problem(400, detail, errors);
export const invalidField = (path: string, message: string): Problem => invalid([{ path, message }]);
export const unauthenticated = (detail: string): Problem =>
  new Problem(401, detail, undefined, { 'WWW-Authenticate': 'Bearer' });
export const forbidden = (detail: string): Problem => new Problem(403, detail);
export const notFound = (what: string): Problem => new Problem(404, `There is no such ${what}.`);
export const conflict = (detail: string): Problem => new Problem(409, detail);
