import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Answer } from '../answer/index.js';
import { KeyRing, UserTokens, type Caller, type Scope } from '../auth/index.js';
import { ProblemFilter } from '../errors/index.js';
import { SHORT_BODY, idOf, readShortBody, type RawRequest } from '../http/index.js';
import { Random } from '../random/index.js';

/** A request of which method, path, headers and key are plainly right. */
export interface PlainRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** What stands in the place of the path's parameter; '' where it has none. */
  readonly parameter: string;
  /** Empty where the route takes none. */
  readonly body: Buffer;
  /** Of a public route nobody. */
  readonly caller: Caller | undefined;
}

export interface FastRoute {
  readonly method: 'GET' | 'POST';
  /** As the controller has it, with one parameter at most. */
  readonly path: string;
  /** Whose keys may; without it the route is public. */
  readonly scopes?: readonly Scope[];
  /** The Content-Type of its body; without it the route takes none. */
  readonly type?: string;
  /**
   * Begins the answer. undefined, and what is thrown before a promise is given, say that the request is not plainly right and nothing
   * has been done: it goes the long way, which finds the words for what is wrong.
   */
  readonly answer: (request: PlainRequest) => Promise<Answer> | undefined;
}

export interface FastPathOptions {
  /** Headers of every answer. */
  readonly standing: readonly (readonly [name: string, value: string])[];
  readonly bodyTimeoutMs: number;
}

interface Known {
  readonly route: FastRoute;
  readonly url: RegExp;
}

/** Headers that give a request a meaning of which only the long way knows. */
const UNCOMMON = ['idempotency-key', 'content-encoding', 'transfer-encoding', 'if-none-match', 'origin'];

/**
 * A road before the framework's, for the few routes that millions of phones and mail readers ask: what of such a request is plainly
 * right is answered here at a third of the price of routing, guarding, wrapping and serialising it there. Everything else (another
 * spelling of the path, a header that means more, a key not seen lately, a body with anything wrong) goes the long way untouched, so
 * that there is one place that refuses. Both roads lead to the same service, and faults to the same filter.
 */
@Injectable()
export class FastPath {
  private readonly routes: Known[] = [];

  constructor(
    private readonly keys: KeyRing,
    private readonly userTokens: UserTokens,
    private readonly problems: ProblemFilter,
    private readonly random: Random,
  ) {}

  register(...routes: readonly FastRoute[]): void {
    this.routes.push(...routes.map((route) => ({ route, url: urlOf(route.path) })));
  }

  /** What listens to the server's requests, with `next` as the long way. */
  before(next: RequestListener, options: FastPathOptions): RequestListener {
    return (request, response) => {
      if (!this.take(request, response, next, options)) next(request, response);
    };
  }

  /** @returns whether the request is plain so far and no longer the caller's. */
  private take(request: IncomingMessage, response: ServerResponse, next: RequestListener, options: FastPathOptions): boolean {
    const found = this.find(request);
    if (!found || UNCOMMON.some((name) => request.headers[name] !== undefined) || !isBodyPlain(request, found.route)) return false;
    const caller = this.callerOf(request, found.route);
    if (caller === 'unclear') return false;
    const { method, headers } = request;
    const plain = { method: method!, headers, parameter: found.parameter, caller };
    if (found.route.type === undefined) return this.begin(found.route, { ...plain, body: EMPTY }, request, response, options);
    readShortBody(request as RawRequest, response, {
      timeoutMs: options.bodyTimeoutMs,
      beforeRefusal: () => {
        (request as RawRequest).id = idOf(headers, this.random);
        for (const [name, value] of [['X-Request-Id', (request as RawRequest).id!] as const, ...options.standing]) response.setHeader(name, value);
      },
      done: () => {
        const { body } = request as RawRequest;
        if (!Buffer.isBuffer(body) || !this.begin(found.route, { ...plain, body }, request, response, options)) next(request, response);
      },
    });
    return true;
  }

  private find({ method, url }: IncomingMessage): { route: FastRoute; parameter: string } | undefined {
    for (const known of this.routes) {
      const match = known.route.method === method ? known.url.exec(url!) : null;
      if (match) return { route: known.route, parameter: match[1] ?? '' };
    }
    return undefined;
  }

  /** Nobody where the route is public. */
  private callerOf({ headers }: IncomingMessage, { scopes }: FastRoute): Caller | undefined | 'unclear' {
    if (!scopes) return undefined;
    const key = this.keys.seenLately(headers.authorization);
    if (!key || !scopes.includes(key.scope)) return 'unclear';
    return orUndefined(() => this.userTokens.bind(key, headers['x-user-token'])) ?? 'unclear';
  }

  private begin(route: FastRoute, plain: PlainRequest, request: IncomingMessage, response: ServerResponse, { standing }: FastPathOptions): boolean {
    const answer = orUndefined(() => route.answer(plain));
    if (!answer) return false;
    const id = idOf(request.headers, this.random);
    const refuse = (error: unknown): void => {
      const problem = this.problems.answerTo(error, { id, method: plain.method, route });
      if (response.headersSent) response.destroy();
      else write(response, problem, id, standing);
    };
    // Second, and not beside it: an answer that Node does not write must end in a 500, not in the process.
    void answer.then((given) => write(response, given, id, standing)).catch(refuse);
    return true;
  }
}

const EMPTY = Buffer.alloc(0);

/** What throws here is thrown again, and answered, on the long way. */
function orUndefined<T>(attempt: () => T | undefined): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}

/** Of the whole URL, so that one with a query or an escape in it is not plain. */
function urlOf(path: string): RegExp {
  const source = path.split(/:\w+/).map((part) => part.replaceAll('.', '\\.')).join('([\\w-]+)');
  return new RegExp(`^${source}$`);
}

function isBodyPlain({ headers }: IncomingMessage, { type }: FastRoute): boolean {
  const length = headers['content-length'];
  if (type === undefined) return length === undefined;
  return headers['content-type'] === type && Number(length) > 0 && Number(length) <= SHORT_BODY;
}

/** In one list, which Node writes as it is: each header that is set by itself is checked, lowered and looked up again. */
function write(response: ServerResponse, { status, headers, body }: Answer, id: string, standing: FastPathOptions['standing']): void {
  const lines = ['X-Request-Id', id];
  for (const [name, value] of standing) if (!(name in headers)) lines.push(name, value);
  for (const [name, value] of Object.entries(headers)) lines.push(name, value);
  lines.push('Content-Length', String(Buffer.byteLength(body)));
  response.writeHead(status, lines as never).end(body);
}
