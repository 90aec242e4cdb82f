import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

/**
 * Helmet's headers. They are the same on every answer, so helmet is asked once: its chain of fourteen handlers costs a request more than
 * its routing. The API page brings its own inline scripts; every page of ours sets a stricter policy itself.
 */
export function securityHeaders(): readonly [name: string, value: string][] {
  const headers: [string, string][] = [];
  const listener = { setHeader: (name: string, value: string) => headers.push([name, value]), removeHeader: () => undefined };
  helmet({ contentSecurityPolicy: false })({} as IncomingMessage, listener as unknown as ServerResponse, () => undefined);
  return headers;
}

export function setHeaders(headers: readonly (readonly [name: string, value: string])[]) {
  return (_: Request, response: Response, next: NextFunction): void => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}
