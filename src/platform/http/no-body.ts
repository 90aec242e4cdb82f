import { Injectable, UseInterceptors, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { invalid, invalidField } from '../errors/index.js';

@Injectable()
class NoBodyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const body: unknown = context.switchToHttp().getRequest<Request>().body;
    if (body === null || typeof body !== 'object' || Array.isArray(body)) throw invalidField('', 'must be empty or an empty JSON object');
    const unknown = Object.keys(body);
    if (unknown.length > 0) throw invalid(unknown.map((path) => ({ path, message: `property ${path} should not exist` })));
    return next.handle();
  }
}

/** A route that takes no field: anything sent would be accepted without effect, so it is refused like any unknown field. */
export const NoBody = (): MethodDecorator => UseInterceptors(NoBodyInterceptor);
