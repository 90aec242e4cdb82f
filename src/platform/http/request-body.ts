import { SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { Problem, invalid, type FieldError } from '../errors/index.js';
import { MAX_BODY, type RawRequest } from './raw-body.js';
import { unstorableText } from './storable-text.js';

const ROWWISE = 'rowwise-body';
const MAX_DEPTH = 32;

/** Marks a batch route: what is wrong inside a row is the handler's to reject, so only the envelope is looked at here. */
export const RowwiseBody = (): MethodDecorator => SetMetadata(ROWWISE, true);

/**
 * After the guards: bytes become JSON or form fields.
 * @throws Problem 400 or 413 for what cannot be read or stored
 */
export function readBody(context: ExecutionContext, reflector: Reflector): void {
  const request = context.switchToHttp().getRequest<RawRequest>();
  refuseUnreadable(request);
  request.body = parse(request);
  const errors: FieldError[] = [...unstorableText(request.params, 'path'), ...unstorableText(request.query, 'query')];
  if (!reflector.get<boolean>(ROWWISE, context.getHandler())) errors.push(...unstorableText(request.body, ''));
  if (errors.length > 0) throw invalid(errors);
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
  // By far the most, and asked without taking the header apart.
  if (request.headers['content-type'] !== 'application/json') {
    if (request.is('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
    // Mail providers may send RFC 8058's one-click unsubscribe as multipart. No route asks for such a field, so none is read.
    if (request.is('multipart/form-data')) return {};
  }
  return jsonOf(bytes);
}

/** @throws Problem 400 for what is no JSON, null, or nested too deep */
export function jsonOf(bytes: Buffer): unknown {
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
