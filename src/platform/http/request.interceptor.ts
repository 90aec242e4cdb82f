import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { readBody } from './request-body.js';

/** What every route has between its guards and its pipes. One interceptor, since each is a chain of observables for each request. */
@Injectable()
export class RequestInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: IdempotencyInterceptor,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    readBody(context, this.reflector);
    return this.idempotency.intercept(context, next);
  }
}
