import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import type { KeyRing, UserTokens } from '../auth/index.js';
import { ProblemFilter } from '../errors/index.js';
import { readRawBody } from '../http/index.js';
import { SystemRandom } from '../random/index.js';
import { FastPath } from './fast-path.js';

const TIMEOUT_MS = 150;
const STANDING = [['X-Standing', 'always'], ['Cache-Control', 'standing']] as const;
let server: Server;

beforeEach(async () => {
  const fastPath = new FastPath({} as KeyRing, {} as UserTokens, new ProblemFilter(), new SystemRandom());
  fastPath.register({
    method: 'POST', path: '/b/:name', type: 'text/plain',
    answer: ({ parameter, body }) => (body.includes('odd') ? undefined : Promise.resolve({ status: 200, headers: { 'Cache-Control': 'own' }, body: `fast ${parameter} ${body}` })),
  });
  fastPath.register({
    method: 'POST', path: '/broken', type: 'text/plain', answer: () => Promise.resolve({ status: 200, headers: { Location: 'line\nbreak' }, body: 'x' }),
  });
  const longWay = express();
  longWay.use(readRawBody({ timeoutMs: TIMEOUT_MS, streamed: /^$/ }));
  longWay.use((req: Request, res) => void res.send(`long ${String(req.body)}`));
  server = createServer(fastPath.before(longWay, { standing: STANDING, bodyTimeoutMs: TIMEOUT_MS })).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
});
afterEach(() => new Promise((done) => {
  server.closeAllConnections();
  server.close(done);
}));

interface Answered {
  readonly head: IncomingMessage;
  readonly body: string;
}

/** A request whose body is written by hand. */
function send(pieces: readonly string[], length = pieces.join('').length, path = '/b/ada'): Promise<Answered> {
  const sent = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', path, method: 'POST', headers: { 'content-type': 'text/plain', 'content-length': length } });
  const answer = new Promise<Answered>((done, fail) => {
    sent.once('error', fail).once('response', (head) => {
      let body = '';
      head.setEncoding('utf8').on('data', (piece: string) => (body += piece)).on('end', () => done({ head, body }));
    });
  });
  for (const piece of pieces) sent.write(piece);
  sent.flushHeaders();
  return answer;
}

it('a body that comes in pieces is taken whole', async () => {
  expect((await send(['12345', '67890'])).body).toBe('fast ada 1234567890');
});

it('a body that the route cannot make sense of reaches the long way whole', async () => {
  expect((await send(['12345', ' odd'])).body).toBe('long 12345 odd');
});

it('an answer has the headers of every answer once, and its own instead of them where it has one', async () => {
  const { head } = await send(['x']);
  const named = (name: string): string[] => head.rawHeaders.filter((_, i) => head.rawHeaders[i - 1]?.toLowerCase() === name && i % 2 === 1);
  expect([named('x-standing'), named('cache-control'), named('content-length'), named('x-request-id')])
    .toEqual([['always'], ['own'], ['10'], [expect.stringMatching(/^[0-9a-f-]{36}$/)]]);
});

it('a body that does not arrive in time is answered 408 as a problem, with the headers of every answer', async () => {
  const { head, body } = await send(['12345'], 10);
  expect(head.statusCode).toBe(408);
  expect(head.headers).toMatchObject({ 'x-standing': 'always', 'content-type': 'application/problem+json', connection: 'close' });
  expect(JSON.parse(body)).toMatchObject({ status: 408, requestId: head.headers['x-request-id'] });
});

it('an answer with a header that Node refuses to write is a 500, and the process lives on', async () => {
  const { head, body } = await send(['12345'], 5, '/broken');
  expect([head.statusCode, head.headers.location]).toEqual([500, undefined]);
  expect(JSON.parse(body)).toMatchObject({ status: 500, requestId: head.headers['x-request-id'] });
  expect((await send(['12345'])).body).toBe('fast ada 12345');
});

it.each(['/b/', '/b/ada/', '/b/a%64a', '/b/ada?x', '/B/ada', '/c'])('another spelling of the path, %s, goes the long way', async (path) => {
  expect((await send(['12345'], 5, path)).body).toBe('long 12345');
});
