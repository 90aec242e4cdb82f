import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { readRawBody } from '../../src/platform/http/index.js';

const TIMEOUT_MS = 150;
let server: Server;
let url: string;
let taken: string[];
/** Settles when the server has seen the end of a broken upload. */
let broken: Promise<void>;

beforeEach(async () => {
  taken = [];
  let tell: () => void;
  broken = new Promise((done) => (tell = done));
  const app = express();
  app.use(readRawBody({ timeoutMs: TIMEOUT_MS, streamed: /^\/stream$/ }));
  app.post('/body', (req, res) => void (taken.push(String(req.body)), res.send('taken')));
  app.put('/stream', (req, res) => {
    let text = '';
    req.on('error', () => undefined);
    req.on('close', () => {
      if (req.complete) return;
      taken.push(`broken after ${text}`);
      tell();
    });
    req.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => (taken.push(text), res.send('taken')));
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((done) => {
  server.closeAllConnections();
  server.close(done);
}));

interface Sending {
  write(piece: string): void;
  end(): void;
  /** The status, the type and the body, or the error. */
  answer: Promise<string>;
}

/** A request whose body is written by hand. */
function send(method: string, path: string): Sending {
  const sent = request(url + path, { method, headers: { 'content-type': 'text/plain', 'content-length': '10' } });
  const answer = new Promise<string>((done) => {
    sent.once('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece)).on('end', () => done(`${response.statusCode} ${response.headers['content-type']} ${body}`));
    });
    sent.once('error', (error: Error & { code?: string }) => done(error.code ?? error.message));
  });
  sent.flushHeaders();
  return { write: (piece) => void sent.write(piece), end: () => void sent.end(), answer };
}

it('a body that does not arrive in time is answered 408 as a problem, and its handler never runs', async () => {
  const slow = send('POST', '/body');
  slow.write('12345');
  const answer = await slow.answer;
  expect(answer).toMatch(/^408 application\/problem\+json/);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status: 408, title: expect.any(String), detail: expect.stringContaining('in time') });
  expect(taken).toEqual([]);
});

it('a body that arrives in time is taken, and the time-out does not strike afterwards', async () => {
  const quick = send('POST', '/body');
  quick.write('12345');
  quick.write('67890');
  quick.end();
  expect(await quick.answer).toMatch(/^200 .* taken$/);
  expect(taken).toEqual(['1234567890']);
});

it('a streamed upload may take longer in all, as long as it keeps coming', async () => {
  const upload = send('PUT', '/stream');
  let pieces = 0;
  // Ten pieces at a third of the time-out each: three times the time-out in all.
  await new Promise<void>((done) => {
    const timer = setInterval(() => {
      upload.write('x');
      if (++pieces < 10) return;
      clearInterval(timer);
      done();
    }, TIMEOUT_MS / 3);
  });
  upload.end();
  expect(await upload.answer).toMatch(/^200 .* taken$/);
  expect(taken).toEqual(['x'.repeat(10)]);
});

it('a streamed upload that stops coming is cut off', async () => {
  const upload = send('PUT', '/stream');
  upload.write('12345');
  expect(await upload.answer).toBe('ECONNRESET');
  await broken;
  expect(taken).toEqual(['broken after 12345']);
});
