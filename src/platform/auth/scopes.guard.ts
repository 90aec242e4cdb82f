import { Injectable, SetMetadata, applyDecorators, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Request } from 'express';
import { forbidden, unauthenticated } from '../errors/index.js';
import type { Caller, Scope } from './caller.js';
import { KeyRing } from './key-ring.js';
import { UserTokens } from './user-tokens.js';

const SCOPES_OF_ROUTE = 'scopes';
const PUBLIC = 'public';

/** Which scopes may call a route; admin always may. A route with neither this nor @Public is refused to all but admin. */
export const Scopes = (...scopes: Scope[]): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SCOPES_OF_ROUTE, scopes), ApiBearerAuth());
/** Links in mails, health: no key. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

@Injectable()
export class ScopesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyRing,
    private readonly userTokens: UserTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<Request & { caller?: Caller }>();
    const key = await this.keys.find(bearer(request));
    if (!key) throw unauthenticated('The API key is unknown or revoked.');
    const allowed = this.reflector.getAllAndOverride<Scope[]>(SCOPES_OF_ROUTE, targets) ?? [];
    if (key.scope !== 'admin' && !allowed.includes(key.scope)) {
      throw forbidden(`A key of scope ${key.scope} may not do this.`);
    }
    request.caller = this.userTokens.bind(key, request.headers['x-user-token']);
    return true;
  }
}

function bearer(request: Request): string {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '');
  if (!match) throw unauthenticated('Send the API key as "Authorization: Bearer <key>".');
  return match[1]!;
}
