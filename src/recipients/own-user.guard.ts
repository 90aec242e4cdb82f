import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { requireOwnUser, type Caller } from '../platform/auth/index.js';

/** For routes below a user that an app key may call: answers 403 for another user before the body is looked at. */
@Injectable()
export class OwnUserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request & { caller: Caller }>();
    requireOwnUser(request.caller, String(request.params.userId));
    return true;
  }
}
