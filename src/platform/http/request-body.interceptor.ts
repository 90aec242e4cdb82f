import { Injectable, SetMetadata, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NextFunction, Request, Response } from 'express';
import express from 'express';
import type { Observable } from 'rxjs';
import { Problem, invalid, type FieldError } from '../errors/index.js';
import { unstorableText } from './storable-text.js';

interface RawRequest extends Request {
  bodyFault?: { status?: number; type?: string };
}

const ROWWISE = 'rowwise-body';
const MAX_BODY = '10mb';
const MAX_DEPTH = 32;

/** Marks a batch route: what is wrong inside a row is the handler's to reject, so only the envelope is looked at here. */
export const RowwiseBody = (): MethodDecorator => SetMetadata(ROWWISE, true);

const reader = express.raw({ type: () => true, limit: MAX_BODY });

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
    const timer = setTimeout(() => void refuseSlow(request, response), timeoutMs);
    reader(request, response, (fault?: unknown) => {
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

/** After the guards: bytes become JSON or form fields, with a 400 or 413 for what cannot be read or stored. */
@Injectable()
export class RequestBodyInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<RawRequest>();
    refuseUnreadable(request);
    request.body = parse(request);
    const errors: FieldError[] = [...unstorableText(request.params, 'path'), ...unstorableText(request.query, 'query')];
    if (!this.reflector.get<boolean>(ROWWISE, context.getHandler())) errors.push(...unstorableText(request.body, ''));
    if (errors.length > 0) throw invalid(errors);
    return next.handle();
  }
}

function refuseUnreadable({ bodyFault }: RawRequest): void {
  if (!bodyFault) return;
  if (bodyFault.status === 413) throw new Problem(413, `The body is larger than ${MAX_BODY}.`);
  if (bodyFault.status === 415) throw new Problem(415, 'The content encoding is not supported.');
  throw new Problem(400, 'The body could not be read.');
}

function parse(request: RawRequest): unknown {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (bytes.length === 0) return {};
  if (request.is('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
  }
  // Mail providers may send RFC 8058's one-click unsubscribe as multipart. No route asks for such a field, so none is read.
  if (request.is('multipart/form-data')) return {};
  const value = parseJson(bytes.toString('utf8'));
  // Further on null would be read as an empty object, which a PUT takes for "everything at its default".
  if (value === null) throw new Problem(400, 'The body is null; it must be a JSON object.');
  if (nestedTooDeep(value)) throw new Problem(400, `The body is nested deeper than ${MAX_DEPTH} levels.`);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'The body is not valid JSON.');
  }
}

/** Goes no deeper than the bound, so that a hostile body of 100,000 brackets does not overflow the stack here or anywhere after. */
export function nestedTooDeep(value: unknown, depth = 0): boolean {
  if (depth > MAX_DEPTH) return true;
  if (value === null || typeof value !== 'object') return false;
  return (Array.isArray(value) ? value : Object.values(value)).some((child) => nestedTooDeep(child, depth + 1));
}
