import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isUnavailable } from '../database/pg-errors.js';
import { Problem } from './problem.js';

/** Turns everything thrown below HTTP into problem+json. A fault of ours is logged whole and answered without its text. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const problem = this.toProblem(error, request);
    if (response.headersSent) {
      // A stream broke half-way: cutting the connection is the only honest signal left.
      response.destroy(error instanceof Error ? error : undefined);
      return;
    }
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    response.status(problem.status).type('application/problem+json').send(JSON.stringify({
      type: 'about:blank', title: problem.title, status: problem.status, detail: problem.detail,
      requestId: request.id, ...(problem.errors ? { errors: problem.errors } : {}),
    }));
  }

  private toProblem(error: unknown, request: Request & { id?: string }): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof HttpException) return fromNest(error);
    this.logger.error({ err: error, requestId: request.id, method: request.method, route: request.route?.path });
    if (isUnavailable(error)) {
      return new Problem(503, 'The database is not available at the moment.', undefined, { 'Retry-After': '5' });
    }
    return new Problem(500, 'The server failed. The fault is in its log under this request id.');
  }
}

function fromNest(error: HttpException): Problem {
  const status = error.getStatus();
  if (status === 404) return new Problem(404, 'There is no such route.');
  const body = error.getResponse();
  const detail = typeof body === 'string' ? body : error.message;
  return new Problem(status, detail);
}
