import type { Response } from 'express';

/** A whole answer as a value, for routes that two roads lead to: the framework's and the fast path. */
export interface Answer {
  readonly status: number;
  /** Beside those that every answer has; Content-Length is counted by whoever sends it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export function jsonAnswer(value: unknown): Answer {
  return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(value) };
}

const JSON_HEADERS = { 'Content-Type': 'application/json; charset=utf-8' };

/** By the framework's road. */
export function sendAnswer(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers);
  if (body.length === 0) response.end();
  else response.send(body);
}
