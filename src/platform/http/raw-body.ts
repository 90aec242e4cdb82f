import type { ServerResponse } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import express from 'express';

export interface RawRequest extends Request {
  id?: string;
  bodyFault?: { status?: number; type?: string };
}

export const MAX_BODY = '10mb';
/** Of a body that is worth the plain reader below; the saving is per request, not per byte. */
export const SHORT_BODY = 16_384;

const read = express.raw({ type: () => true, limit: MAX_BODY });

/**
 * Reads the body as bytes only: a missing key (401) or scope (403) must be answered before what the body says. It has to arrive
 * within `timeoutMs`, which a server-wide time-out could not ask for: uploads to a `streamed` path are their handler's to read,
 * however long and large, and only have to keep coming. What was read on the way here is not read again.
 */
export function readRawBody({ timeoutMs, streamed }: { timeoutMs: number; streamed: RegExp }) {
  return (request: RawRequest, response: Response, next: NextFunction): void => {
    if (request.method === 'PUT' && streamed.test(request.path)) {
      request.setTimeout(timeoutMs, () => request.destroy());
      return next();
    }
    if (bodiless(request) || request.body !== undefined || request.bodyFault) return next();
    within(isShort(request) ? readShort : read, request, response, { timeoutMs, done: next });
  };
}

interface Reading {
  readonly timeoutMs: number;
  /** Once the body is there, or its fault. */
  readonly done: () => void;
  /** Where the headers that every answer has are not set yet. */
  readonly beforeRefusal?: () => void;
}

/** For a body that says by its Content-Length that it is short, and is not compressed. */
export function readShortBody(request: RawRequest, response: ServerResponse, reading: Reading): void {
  within(readShort, request, response as Response, reading);
}

function within(reader: typeof readShort, request: RawRequest, response: Response, { timeoutMs, done, beforeRefusal }: Reading): void {
  const timer = setTimeout(() => {
    beforeRefusal?.();
    refuseSlow(request, response);
  }, timeoutMs);
  reader(request, response, (fault?: unknown) => {
    clearTimeout(timer);
    if (request.destroyed && response.headersSent) return;
    if (fault) request.bodyFault = fault as { status?: number; type?: string };
    done();
  });
}

function refuseSlow(request: RawRequest, response: Response): void {
  const problem = { type: 'about:blank', title: 'Request timeout', status: 408, detail: 'The body did not arrive in time.', requestId: request.id };
  response.writeHead(408, { connection: 'close', 'content-type': 'application/problem+json' }).end(JSON.stringify(problem), () => request.destroy());
}

function bodiless({ headers }: Request): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

function isShort({ headers }: Request): boolean {
  return headers['content-encoding'] === undefined && Number(headers['content-length'] ?? SHORT_BODY + 1) <= SHORT_BODY;
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
