import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { forbidden } from '../errors/index.js';

export const SCOPES = ['admin', 'marketer', 'analyst', 'ingest', 'app'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who calls: the key, its scope and, for an app key with X-User-Token, the user it speaks for. */
export interface Caller {
  readonly keyId: string;
  readonly scope: Scope;
  readonly userId?: string;
}

export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => context.switchToHttp().getRequest<Request & { caller: Caller }>().caller,
);

/** An app key is public: it may touch only the user whose signed token it carries. @throws Problem 403 */
export function requireOwnUser(caller: Caller, userId: string): void {
  if (caller.scope !== 'app') return;
  if (caller.userId === undefined) throw forbidden('An app key needs an X-User-Token for this.');
  if (caller.userId !== userId) throw forbidden('The X-User-Token belongs to another user.');
}
