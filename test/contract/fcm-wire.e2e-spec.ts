import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSenders } from '../../src/channels/index.js';
import type { OutgoingPush, PushSender, SendResult } from '../../src/channels/index.js';
import { SystemClock } from '../../src/platform/clock/index.js';
import { FcmWire } from '../../src/channels/push/fcm-wire.js';
import { startGateways } from '../support/gateways.js';
import type { Gateways, ReceivedMessage } from '../support/gateways.js';
import { throwAwayCertificate } from '../support/throw-away-certificate.js';

const clock = new SystemClock();
const TIMEOUT_MS = 400;
let gateways: Gateways;
let sender: PushSender;
let serial = 0;

function newSender(endpoint: string, timeoutMs = TIMEOUT_MS, sessions?: number): PushSender {
  return createSenders({ fcm: { endpoint, projectId: 'p1', timeoutMs, sessions }, smtp: {}, clock, log: { warn: () => undefined } }).push;
}

function push(token: string): OutgoingPush {
  return {
    messageId: `m${++serial}`,
    campaignId: 'c1',
    token,
    platform: 'android',
    content: { title: 'Hello', body: 'World' },
    expiresAt: new Date(clock.now().getTime() + 3_600_000),
  };
}

beforeAll(async () => {
  gateways = await startGateways();
});
afterAll(() => gateways.stop());
beforeEach(() => {
  sender = newSender(gateways.fcmUrl);
});
afterEach(() => sender.close());

describe('one send makes exactly one wire request', () => {
  const refused = { kind: 'refused', permanent: false, addressGone: false };
  const cases: [behaviour: string, accepts: number, expected: Partial<SendResult>][] = [
    ['ok', 1, { kind: 'accepted', providerId: expect.stringMatching(/^projects\/p1\/messages\/\d+$/) as unknown as string }],
    ['404', 0, { ...refused, code: 'UNREGISTERED', permanent: true, addressGone: true, class: 'address' } as SendResult],
    ['400', 0, { ...refused, code: 'INVALID_ARGUMENT', permanent: true, class: 'payload' } as SendResult],
    ['400_token', 0, { ...refused, code: 'INVALID_ARGUMENT', permanent: true, class: 'address' } as SendResult],
    ['403', 0, { ...refused, code: 'SENDER_ID_MISMATCH', permanent: true, class: 'config' } as SendResult],
    ['401', 0, { ...refused, code: 'THIRD_PARTY_AUTH_ERROR', permanent: true, class: 'config' } as SendResult],
    ['429', 0, { ...refused, code: 'QUOTA_EXCEEDED', class: 'quota', retryAfterMs: 60_000 } as SendResult],
    ['500', 0, { ...refused, code: 'INTERNAL', class: 'server' } as SendResult],
    ['503', 0, { ...refused, code: 'UNAVAILABLE', class: 'server' } as SendResult],
    ['500_empty', 0, { kind: 'ambiguous', code: 'HTTP_500' }],
    ['503_empty', 0, { kind: 'ambiguous', code: 'HTTP_503' }],
    ['reset', 1, { kind: 'ambiguous', code: 'INTERNAL_ERROR' }],
    ['drop', 1, { kind: 'ambiguous' }],
    ['hang', 1, { kind: 'ambiguous', code: 'TIMEOUT' }],
    ['garbage', 1, { kind: 'ambiguous', code: 'GARBAGE' }],
    ['half', 1, { kind: 'ambiguous' }],
    ['goaway_error', 1, { kind: 'ambiguous' }],
    ['goaway', 0, { kind: 'not_sent' }],
    ['refused', 0, { kind: 'not_sent', code: 'REFUSED_STREAM' }],
  ];

  test.each(cases)('%s', async (behaviour, accepts, expected) => {
    // A stream before it, so that GOAWAY has a lower last stream to name.
    await sender.send(push('warm-up'));
    const token = `gw-${behaviour}-${++serial}`;
    const started = clock.monotonic();
    const result = await sender.send(push(token));
    expect(result).toMatchObject(expected);
    expect(clock.monotonic() - started).toBeLessThan(TIMEOUT_MS + 1000);
    // The next one goes through whatever happened, and by then a hidden second request would have gone out.
    expect(await sender.send(push('after'))).toMatchObject({ kind: 'accepted' });
    expect(await gateways.count('push', token)).toEqual({ requests: 1, accepts });
  });

  test.each(['reset', 'hang', '500', '503', '429'])('and a client that tries again by itself, as the SDK does, is found out: %s', async (behaviour) => {
    const token = `gw-${behaviour}-${++serial}`;
    const once = await sender.send(push(token));
    if (once.kind !== 'accepted') await sender.send(push(token));
    expect((await gateways.count('push', token)).requests).toBe(2);
  });

  test('Retry-After reaches the caller in milliseconds, on 429 and 503 alike', async () => {
    await gateways.behave({ channel: 'push', prefix: 'wait-429', behaviour: '429', retryAfter: 17 });
    await gateways.behave({ channel: 'push', prefix: 'wait-503', behaviour: '503', retryAfter: 120 });
    expect(await sender.send(push('wait-429'))).toMatchObject({ kind: 'refused', retryAfterMs: 17_000 });
    expect(await sender.send(push('wait-503'))).toMatchObject({ kind: 'refused', retryAfterMs: 120_000 });
  });

  test('nothing listening, and a server that hangs up at once: not sent', async () => {
    const closed = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    const hangsUp = newSender(`http://127.0.0.1:${port}`);
    expect(await hangsUp.send(push('nobody'))).toMatchObject({ kind: 'not_sent' });
    await hangsUp.close();
    await new Promise((resolve) => closed.close(resolve));
    const nobody = newSender(`http://127.0.0.1:${port}`);
    expect(await nobody.send(push('nobody'))).toEqual({ kind: 'not_sent', code: 'ECONNREFUSED' });
    await nobody.close();
  });

  test('a server that takes the connection and never speaks: not sent, within the time-out', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const lonely = newSender(`http://127.0.0.1:${port}`);
    expect(await lonely.send(push('nobody'))).toEqual({ kind: 'not_sent', code: 'NO_SESSION_IN_TIME' });
    await lonely.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test('an oversized payload is refused without a request', async () => {
    const token = `big-${++serial}`;
    const big = { ...push(token), content: { title: 'x', body: 'ü'.repeat(2100) } };
    expect(await sender.send(big)).toMatchObject({ kind: 'refused', code: 'PAYLOAD_TOO_LARGE', permanent: true });
    expect(await gateways.count('push', token)).toEqual({ requests: 0, accepts: 0 });
  });
});

describe('sessions', () => {
  test('1,000 sends share at most four connections, and one request each', async () => {
    await gateways.reset();
    const before = (await gateways.counts()).fcm.opened;
    const patient = newSender(gateways.fcmUrl, 10_000);
    const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => patient.send(push(`many-${n}`))));
    expect(results.filter((result) => result.kind === 'accepted')).toHaveLength(1000);
    const { fcm, totals } = await gateways.counts();
    expect(fcm.opened - before).toBeLessThanOrEqual(4);
    expect(totals.push).toEqual({ requests: 1000, accepts: 1000 });
    await patient.close();
  });

  test('a peer that allows three streams gets three at a time and refuses none', async () => {
    const narrow = await startGateways({ maxStreams: 3, latencyMs: 5 });
    const patient = newSender(narrow.fcmUrl, 10_000, 1);
    const results = await Promise.all(Array.from({ length: 100 }, (_, n) => patient.send(push(`narrow-${n}`))));
    expect(results.every((result) => result.kind === 'accepted')).toBe(true);
    expect((await narrow.counts()).fcm).toMatchObject({ opened: 1, streams: 100 });
    await patient.close();
    await narrow.stop();
  });

  test('when the peer dies, what was under way is in doubt, what waited was not sent, and its successor is found', async () => {
    const first = await startGateways();
    const port = new URL(first.fcmUrl).port;
    const patient = newSender(first.fcmUrl, 5_000, 1);
    const underWay = Array.from({ length: 100 }, (_, n) => patient.send(push(`gw-hang-${n}`)));
    const waiting = Array.from({ length: 20 }, (_, n) => patient.send(push(`waits-${n}`)));
    while ((await first.counts()).totals.push.accepts < 100);
    process.kill(first.pid, 'SIGKILL');
    expect((await Promise.all(underWay)).every((result) => result.kind === 'ambiguous')).toBe(true);
    expect((await Promise.all(waiting)).every((result) => result.kind === 'not_sent')).toBe(true);
    expect(await patient.send(push('too-early'))).toEqual({ kind: 'not_sent', code: 'ECONNREFUSED' });
    const second = await startGateways({ fcmPort: Number(port) });
    expect(await patient.send(push('back'))).toMatchObject({ kind: 'accepted' });
    await patient.close();
    await second.stop();
  });

  test('close lets requests under way end and refuses new ones', async () => {
    await gateways.behave({ channel: 'push', prefix: 'late', behaviour: 'ok', delayMs: 100 });
    const patient = newSender(gateways.fcmUrl, 5_000);
    await patient.send(push('connected'));
    const last = patient.send(push('late'));
    while ((await gateways.count('push', 'late')).accepts === 0);
    await patient.close();
    expect(await last).toMatchObject({ kind: 'accepted' });
    expect(await patient.send(push('late'))).toEqual({ kind: 'not_sent', code: 'CLOSED' });
  });
});

describe('https', () => {
  const request = { path: '/v1/projects/p1/messages:send', authorization: 'Bearer x', body: '{}', timeoutMs: 2000 };

  test('HTTP/2 by ALPN, over one verified connection; an unknown authority is not sent to', async () => {
    const pair = throwAwayCertificate('localhost');
    const protocols: (string | false | null)[] = [];
    const server = createSecureServer(pair, (incoming, outgoing) => {
      incoming.resume().on('end', () => outgoing.end(JSON.stringify({ path: incoming.url, authorization: incoming.headers.authorization })));
    });
    server.on('secureConnection', (socket) => protocols.push(socket.alpnProtocol));
    server.on('sessionError', () => undefined).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const endpoint = new URL(`https://localhost:${(server.address() as { port: number }).port}`);

    const trusting = new FcmWire({ endpoint, clock, ca: pair.cert });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => trusting.send(request)));
    expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'answer', status: 200, body: JSON.stringify({ path: request.path, authorization: 'Bearer x' }) })));
    expect(protocols).toEqual(['h2']);
    await trusting.close();

    const wary = new FcmWire({ endpoint, clock });
    expect(await wary.send(request)).toEqual({ kind: 'not_sent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await wary.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('a peer that stops answering pings is given up, and its requests are in doubt before their time-out', async () => {
  const stopped = await startGateways();
  const wire = new FcmWire({ endpoint: new URL(stopped.fcmUrl), clock, pingIntervalMs: 50, pingTimeoutMs: 100 });
  const body = JSON.stringify({ message: { token: 'gw-hang-1' } });
  const pending = wire.send({ path: '/v1/projects/p1/messages:send', authorization: 'Bearer x', body, timeoutMs: 30_000 });
  while ((await stopped.counts()).totals.push.accepts === 0);
  process.kill(stopped.pid, 'SIGSTOP');
  const started = clock.monotonic();
  expect(await pending).toMatchObject({ kind: 'ambiguous' });
  expect(clock.monotonic() - started).toBeLessThan(5_000);
  process.kill(stopped.pid, 'SIGCONT');
  await wire.close();
  await stopped.stop();
});

test('the gateway journals every request and accept before it answers, and streams what it took to whoever plays the phones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-gateway-'));
  const phones: ReceivedMessage[] = [];
  let arrived: () => void;
  const all = new Promise<void>((resolve) => (arrived = resolve));
  const onMessages = (messages: ReceivedMessage[]): void => void (phones.push(...messages), phones.length === 2 && arrived());
  const journaled = await startGateways({ log: join(folder, 'log.jsonl'), fsync: true, onMessages });
  const patient = newSender(journaled.fcmUrl, 5_000);
  const tokens = ['phone-1', 'gw-404-1', 'gw-reset-1'];
  for (const token of tokens) await patient.send(push(token));
  const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { kind: string; address: string; monotonicMs: number });
  expect(lines.map(({ kind, address }) => `${kind} ${address}`)).toEqual(['request phone-1', 'accept phone-1', 'request gw-404-1', 'refusal gw-404-1', 'request gw-reset-1', 'accept gw-reset-1']);
  await all;
  expect(phones.map((phone) => phone.channel === 'push' && [phone.message.token, phone.message.data?.['campaignId']])).toEqual([['phone-1', 'c1'], ['gw-reset-1', 'c1']]);
  await patient.close();
  await journaled.stop();
  rmSync(folder, { recursive: true });
});
