import { createHash } from 'node:crypto';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { Caller } from '../auth/caller.js';
import { Clock } from '../clock/index.js';
import { ApiDatabase, sqlFile, type Transaction, type UnitOfWork } from '../database/index.js';
import { Problem, conflict, invalidField } from '../errors/index.js';
import { failpoint } from '../failpoints/index.js';
import { Random } from '../random/index.js';
import { READ_ONLY } from './read-only.js';
import { SECRET_ANSWER, seal, unseal } from './secret-answer.js';
import { Turns } from './turns.js';

interface Slot {
  caller: string;
  key: string;
}

interface Kept {
  fingerprint: Buffer;
  status: number;
  body: string;
}

/** A request under a key, and where its answer goes. */
interface Keyed {
  slot: Slot;
  fingerprint: Buffer;
  response: Response;
  /** How the text of the answer is kept, and read again. */
  pack: (text: string) => string;
  unpack: (kept: string) => string;
  handle: () => Promise<unknown>;
}

const find = sqlFile<Slot & { now: Date | null }, Kept>(import.meta.url, './sql/find-idempotent-answer.sql');
const lockKey = sqlFile<Slot, { locked: boolean }>(import.meta.url, './sql/lock-idempotency-key.sql');
const keep = sqlFile<Slot & Kept & { now: Date | null }>(import.meta.url, './sql/keep-idempotent-answer.sql');

const MAX_KEY = 255;

/** Of the API's ten connections: each read-only request under a key holds one for its key and works on another. */
const READ_ONLY_AT_ONCE = 3;

/**
 * `Idempotency-Key` on every POST: the first answer is kept for 24 h and replayed. The answer and the work commit together: whatever
 * dies in between, either both are there, and a repetition gets the first answer, or neither, and it may begin. What was not an
 * answer to the work itself (validation failures, 409, faults of ours) is forgotten, so that the caller may mend it and use the
 * key again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly readers = new Turns(READ_ONLY_AT_ONCE);

  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly reflector: Reflector,
    private readonly random: Random,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request & { caller?: Caller }>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || !request.caller) return next.handle();
    if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY) {
      throw invalidField('Idempotency-Key', `must have 1 to ${MAX_KEY} characters`);
    }
    const keyed: Keyed = {
      slot: { caller: nameOf(request.caller), key }, fingerprint: fingerprintOf(request),
      ...this.packing(context, request),
      response: context.switchToHttp().getResponse<Response>(), handle: () => lastValueFrom(next.handle(), { defaultValue: undefined }),
    };
    const readOnly = this.reflector.get<boolean>(READ_ONLY, context.getHandler());
    return from(this.answer(keyed, readOnly));
  }

  private packing(context: ExecutionContext, request: Request): Pick<Keyed, 'pack' | 'unpack'> {
    if (!this.reflector.get<boolean>(SECRET_ANSWER, context.getHandler())) return { pack: (text) => text, unpack: (kept) => kept };
    const apiKey = request.headers.authorization!.slice('Bearer '.length);
    return { pack: (text) => seal(text, apiKey, this.random), unpack: (kept) => unseal(kept, apiKey) };
  }

  private async answer(keyed: Keyed, readOnly: boolean): Promise<unknown> {
    const { handle } = keyed;
    const known = await this.find(this.database, keyed.slot);
    if (known) return replay(known, keyed);
    const begin = (work: (unit: UnitOfWork) => Promise<unknown>): Promise<unknown> => (
      this.database.unitOfWork((unit) => this.first(unit.tx, keyed, () => work(unit))));
    const answer = await (readOnly
      ? this.readers.take(() => begin(({ tx }) => apart(tx, handle)))
      : begin((unit) => unit.run(handle)));
    // Thrown only now: the refusal is kept, and what throws inside the transaction ends it.
    if (answer instanceof Refused) throw answer.problem;
    return answer;
  }

  private async first(tx: Transaction, keyed: Keyed, work: () => Promise<unknown>): Promise<unknown> {
    const [lock] = await tx.query(lockKey, keyed.slot);
    if (!lock!.locked) throw conflict('The first request with this Idempotency-Key is still running.');
    // The look before was without the lock: another first request may have ended since.
    const known = await this.find(tx, keyed.slot);
    if (known) return replay(known, keyed);
    failpoint('idempotency.locked');
    const answer = await work().catch(keptRefusal);
    await tx.query(keep, { ...keyed.slot, fingerprint: keyed.fingerprint, ...toKeep(answer, keyed), now: this.clock.forSql() });
    return answer;
  }

  private async find(on: Pick<Transaction, 'query'>, slot: Slot): Promise<Kept | undefined> {
    return (await on.query(find, { ...slot, now: this.clock.forSql() }))[0];
  }
}

/** An answer that stands, though it is a refusal. */
class Refused {
  constructor(readonly problem: Problem) {}
}

/** @throws whatever is no answer to the work itself */
function keptRefusal(error: unknown): Refused {
  if (error instanceof Problem && [403, 404].includes(error.status)) return new Refused(error);
  throw error;
}

function toKeep(answer: unknown, { response, pack }: Keyed): { status: number; body: string } {
  if (!(answer instanceof Refused)) return { status: response.statusCode, body: pack(JSON.stringify(answer ?? null)) };
  const { status, title, detail } = answer.problem;
  return { status, body: pack(JSON.stringify({ type: 'about:blank', title, status, detail })) };
}

/** Work that may take minutes, on connections of its own, while the key's transaction waits for it. */
async function apart(tx: Transaction, work: () => Promise<unknown>): Promise<unknown> {
  await tx.raw('set local idle_in_transaction_session_timeout = 0');
  return work();
}

function replay({ fingerprint, status, body }: Kept, keyed: Keyed): unknown {
  if (!fingerprint.equals(keyed.fingerprint)) throw new Problem(422, 'This Idempotency-Key was used with another request.');
  keyed.response.setHeader('Idempotent-Replayed', 'true');
  keyed.response.status(status);
  if (status >= 400) keyed.response.type('application/problem+json');
  return JSON.parse(keyed.unpack(body));
}

/** Phones share an app key and know nothing of each other's Idempotency-Keys: each is a caller by its user. */
function nameOf({ keyId, userId }: Caller): string {
  return userId === undefined ? keyId : `${keyId} ${userId}`;
}

function fingerprintOf(request: Request): Buffer {
  return createHash('sha256').update(`${request.originalUrl}\n${JSON.stringify(request.body ?? null)}`).digest();
}
