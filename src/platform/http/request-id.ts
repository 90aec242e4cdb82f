import type { IncomingHttpHeaders } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import type { Random } from '../random/index.js';

const SANE = /^[\w.:-]{1,128}$/;

/** Takes the caller's X-Request-Id if it is sane, else makes one; it stands in the answer, in errors and in the log. */
export function requestId(random: Random) {
  return (request: Request & { id?: string }, response: Response, next: NextFunction): void => {
    request.id = idOf(request.headers, random);
    response.setHeader('X-Request-Id', request.id);
    next();
  };
}

export function idOf(headers: IncomingHttpHeaders, random: Random): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : random.uuid();
}
