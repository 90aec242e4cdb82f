import type { NextFunction, Request, Response } from 'express';
import express from 'express';

export interface RawRequest extends Request {
  bodyFault?: { status?: number; type?: string };
}

export const MAX_BODY = '10mb';
/** Of a body that is worth the plain reader below; the saving is per request, not per byte. */
const SHORT = 16_384;

const read = express.raw({ type: () => true, limit: MAX_BODY });

/**
 * Reads the body as bytes only: a missing key (401) or scope (403) must be answered before what the body says. It has to arrive
 * within `timeoutMs`, which a server-wide time-out could not ask for: uploads to a `streamed` path are their handler's to read,
 * however long and large, and only have to keep coming.
 */
export function readRawBody({ timeoutMs, streamed }: { timeoutMs: number; streamed: RegExp }) {
  return (request: RawRequest, response: Response, next: NextFunction): void => {
    if (request.method === 'PUT' && streamed.test(request.path)) {
      request.setTimeout(timeoutMs, () => request.destroy());
      return next();
    }
    if (bodiless(request)) return next();
    const timer = setTimeout(() => void refuseSlow(request, response), timeoutMs);
    (isShort(request) ? readShort : read)(request, response, (fault?: unknown) => {
      clearTimeout(timer);
      if (request.destroyed && response.headersSent) return;
      if (fault) request.bodyFault = fault as { status?: number; type?: string };
      next();
    });
  };
}

function refuseSlow(request: RawRequest & { id?: string }, response: Response): void {
  const problem = { type: 'about:blank', title: 'Request timeout', status: 408, detail: 'The body did not arrive in time.', requestId: request.id };
  response.writeHead(408, { connection: 'close', 'content-type': 'application/problem+json' }).end(JSON.stringify(problem), () => request.destroy());
}

function bodiless({ headers }: Request): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

function isShort({ headers }: Request): boolean {
  return headers['content-encoding'] === undefined && Number(headers['content-length'] ?? SHORT + 1) <= SHORT;
}

/**
 * As `read` for a body that says how short it is and is not compressed, at a third of its price: Node itself holds a body to its
 * Content-Length. Of one that breaks off the connection is gone, and nobody waits for an answer.
 */
function readShort(request: RawRequest, _: Response, done: (fault?: unknown) => void): void {
  const parts: Buffer[] = [];
  let ended = false;
  const end = (fault?: unknown): void => {
    if (ended) return;
    ended = true;
    done(fault);
  };
  request.on('data', (part: Buffer) => parts.push(part)).on('error', end).on('end', () => {
    request.body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    end();
  });
}
