import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { sendAnswer, type Answer } from '../answer/index.js';
import { isUnavailable } from '../database/pg-errors.js';
import { Problem } from './problem.js';

/** What the log says of a request that failed. */
interface AskedFor {
  readonly id: string | undefined;
  readonly method: string;
  readonly route: { readonly path?: string } | undefined;
}

/** Turns everything thrown below HTTP into problem+json. A fault of ours is logged whole and answered without its text. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request & { id?: string }>();
    const answer = this.answerTo(error, { id: request.id, method: request.method, route: request.route as { path?: string } | undefined });
    if (response.headersSent) {
      // A stream broke half-way: cutting the connection is the only honest signal left.
      response.destroy(error instanceof Error ? error : undefined);
      return;
    }
    sendAnswer(response, answer);
  }

  answerTo(error: unknown, request: AskedFor): Answer {
    const problem = this.toProblem(error, request);
    return {
      status: problem.status, headers: { ...problem.headers, 'Content-Type': 'application/problem+json; charset=utf-8' },
      body: JSON.stringify({
        type: 'about:blank', title: problem.title, status: problem.status, detail: problem.detail,
        requestId: request.id, ...(problem.errors ? { errors: problem.errors } : {}),
      }),
    };
  }

  private toProblem(error: unknown, request: AskedFor): Problem {
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
