import { createHash } from 'node:crypto';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { ApiDatabase, sqlFile } from '../database/index.js';
import { Problem, conflict, invalidField } from '../errors/index.js';
import type { Caller } from '../auth/caller.js';

interface Stored {
  fresh: boolean;
  fingerprint: Buffer;
  status: number | null;
  body: string | null;
}

const begin = sqlFile<{ caller: string; key: string; fingerprint: Buffer; now: Date | null }, Stored>(
  import.meta.url, './sql/begin-idempotent-request.sql');
const finish = sqlFile<{ caller: string; key: string; status: number; body: string }>(
  import.meta.url, './sql/finish-idempotent-request.sql');
const forget = sqlFile<{ caller: string; key: string }>(import.meta.url, './sql/forget-idempotent-request.sql');

const MAX_KEY = 255;

/**
 * `Idempotency-Key` on every POST: the first answer is kept for 24 h and replayed. What was not an answer to the work itself
 * (validation failures, 409, faults of ours) is forgotten, so that the caller may mend it and use the key again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly database: ApiDatabase) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request & { caller?: Caller }>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || !request.caller) return next.handle();
    if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY) {
      throw invalidField('Idempotency-Key', `must have 1 to ${MAX_KEY} characters`);
    }
    return from(this.once(key, request, context.switchToHttp().getResponse<Response>(), next));
  }

  private async once(key: string, request: Request & { caller?: Caller }, response: Response, next: CallHandler): Promise<unknown> {
    const slot = { caller: request.caller!.keyId, key };
    const fingerprint = fingerprintOf(request);
    const [stored] = await this.database.query(begin, { ...slot, fingerprint, now: null });
    if (stored && !stored.fresh) return replay(stored, fingerprint, response);
    let answer: unknown;
    try {
      answer = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.afterFailure(slot, error);
      throw error;
    }
    await this.database.query(finish, { ...slot, status: response.statusCode, body: JSON.stringify(answer ?? null) });
    return answer;
  }

  private async afterFailure(slot: { caller: string; key: string }, error: unknown): Promise<void> {
    const kept = error instanceof Problem && [403, 404].includes(error.status);
    if (!kept) await this.database.query(forget, slot);
    else {
      const { status, title, detail } = error;
      await this.database.query(finish, { ...slot, status, body: JSON.stringify({ type: 'about:blank', title, status, detail }) });
    }
  }
}

function replay(stored: Stored, fingerprint: Buffer, response: Response): unknown {
  if (!stored.fingerprint.equals(fingerprint)) {
    throw new Problem(422, 'This Idempotency-Key was used with another request.');
  }
  if (stored.status === null) throw conflict('The first request with this Idempotency-Key is still running.');
  response.setHeader('Idempotent-Replayed', 'true');
  response.status(stored.status);
  if (stored.status >= 400) response.type('application/problem+json');
  return JSON.parse(stored.body ?? 'null');
}

function fingerprintOf(request: Request): Buffer {
  return createHash('sha256').update(`${request.originalUrl}\n${JSON.stringify(request.body ?? null)}`).digest();
}
