import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSenders } from '../../src/channels/index.js';
import type { EmailSender, OutgoingEmail, SendResult } from '../../src/channels/index.js';
import { sendersProvider } from '../../src/delivery/senders.js';
import { SystemClock } from '../../src/platform/clock/index.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { startGateways } from '../support/gateways.js';
import type { Gateways, ReceivedEmail } from '../support/gateways.js';

const clock = new SystemClock();
const TIMEOUT_MS = 500;
let gateways: Gateways;
let sender: EmailSender;
let serial = 0;

function newSender(url: string, timeoutMs = TIMEOUT_MS, connections?: number): EmailSender {
  const smtp = { url, from: 'Shop <news@shop.example>', timeoutMs, connections };
  return createSenders({ fcm: {}, smtp, clock, log: { warn: () => undefined } }).email;
}

function mail(to: string, more: Partial<OutgoingEmail> = {}, content: Partial<OutgoingEmail['content']> = {}): OutgoingEmail {
  return {
    messageId: `m-${++serial}`,
    to,
    content: { subject: 'Hello', html: '<p>Hi</p>', text: 'Hi', ...content },
    ...more,
  };
}

async function receivedBy(address: string): Promise<ReceivedEmail[]> {
  const all = await gateways.received();
  return all.filter((message): message is ReceivedEmail => message.channel === 'email' && message.to.includes(address));
}

function headerValues(received: ReceivedEmail | undefined, name: string): string[] {
  return (received?.headers ?? []).filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

beforeAll(async () => {
  gateways = await startGateways();
});
afterAll(() => gateways.stop());
beforeEach(async () => {
  await gateways.reset();
  sender = newSender(gateways.smtpUrl);
});
afterEach(() => sender.close());

describe('one mail is one transaction, and its answer is told apart', () => {
  const refused = { kind: 'refused', permanent: false, addressGone: false };
  const cases: [behaviour: string, accepts: number, expected: Partial<SendResult>][] = [
    ['ok', 1, { kind: 'accepted', providerId: expect.stringMatching(/^gw\d+$/) as unknown as string }],
    ['421', 0, { ...refused, code: '421 4.3.2', class: 'server' } as SendResult],
    ['450', 0, { ...refused, code: '450 4.2.1', class: 'address' } as SendResult],
    ['452', 0, { ...refused, code: '452 4.2.2', class: 'address' } as SendResult],
    ['550', 0, { ...refused, code: '550 5.1.1', permanent: true, addressGone: true, class: 'address' } as SendResult],
    ['550_policy', 0, { ...refused, code: '550 5.7.1', permanent: true, class: 'config' } as SendResult],
    ['data_451', 0, { ...refused, code: '451 4.3.0', class: 'server' } as SendResult],
    ['data_554', 0, { ...refused, code: '554 5.6.0', permanent: true, class: 'payload' } as SendResult],
    ['drop', 1, { kind: 'ambiguous' }],
    ['reset', 1, { kind: 'ambiguous' }],
    ['hang', 1, { kind: 'ambiguous', code: 'TIMEOUT' }],
    ['drop_rcpt', 0, { kind: 'not_sent' }],
  ];

  test.each(cases)('%s', async (behaviour, accepts, expected) => {
    await sender.send(mail('warm@up.example'));
    const to = `gw-${behaviour}-${++serial}@shop.example`;
    const started = clock.monotonic();
    expect(await sender.send(mail(to))).toMatchObject(expected);
    expect(clock.monotonic() - started).toBeLessThan(TIMEOUT_MS + 1000);
    // The next mail goes through whatever happened, and by then a copy sent behind our back would have come.
    expect(await sender.send(mail('after@shop.example'))).toMatchObject({ kind: 'accepted' });
    expect(await gateways.count('email', to)).toEqual({ requests: 1, accepts });
    expect(await receivedBy(to)).toHaveLength(accepts);
  });

  test.each(['hang', 'drop', '421'])('greeting: %s means not sent, within the time-out', async (behaviour) => {
    await gateways.behave({ channel: 'email', address: 'greeting', behaviour });
    const started = clock.monotonic();
    expect(await sender.send(mail('a@shop.example'))).toMatchObject({ kind: 'not_sent' });
    expect(clock.monotonic() - started).toBeLessThan(TIMEOUT_MS + 1000);
    expect(await receivedBy('a@shop.example')).toHaveLength(0);
  });

  test('nothing listening: not sent', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const nobody = newSender(`smtp://127.0.0.1:${port}`);
    expect(await nobody.send(mail('a@shop.example'))).toMatchObject({ kind: 'not_sent' });
    await nobody.close();
  });

  test('a mail that finds no connection in time was not sent, and never is', async () => {
    const single = newSender(gateways.smtpUrl, TIMEOUT_MS, 1);
    const blocking = single.send(mail('gw-hang-1@shop.example'));
    expect(await single.send(mail('waits@shop.example'), { deadlineMs: 50 })).toEqual({ kind: 'not_sent', code: 'NO_CONNECTION_IN_TIME' });
    await blocking;
    await single.send(mail('after@shop.example'));
    expect(await receivedBy('waits@shop.example')).toHaveLength(0);
    await single.close();
  });

  test('200 mails at once arrive once each over at most 20 connections', async () => {
    const patient = newSender(gateways.smtpUrl, 15_000);
    const before = (await gateways.counts()).smtp.opened;
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => patient.send(mail(`many${n}@shop.example`))));
    expect(results.every((result) => result.kind === 'accepted')).toBe(true);
    const { totals, smtp } = await gateways.counts();
    expect(totals.email).toEqual({ requests: 200, accepts: 200 });
    expect(smtp.opened - before).toBeLessThanOrEqual(20);
    await patient.close();
  });
});

describe('headers', () => {
  test('marketing mail: sender fields, Message-ID from the delivery, one-click unsubscribe, text and HTML', async () => {
    const url = `https://rapport.example/u/${'tok'.repeat(60)}?a=1&b=2`;
    const content = { subject: 'Grüße 🎉', html: '<p>Käse</p>', text: 'Käse', fromName: 'Shop, "the" best', from: 'hello@shop.example', replyTo: 'Care <care@shop.example>' };
    await sender.send(mail('a@b.example', { messageId: 'p1-b2-r3', listUnsubscribeUrl: url }, content));
    const [received] = await receivedBy('a@b.example');
    expect(headerValues(received, 'Message-ID')).toEqual(['<p1-b2-r3@shop.example>']);
    expect(headerValues(received, 'List-Unsubscribe')).toEqual([`<${url}>`]);
    expect(headerValues(received, 'List-Unsubscribe-Post')).toEqual(['List-Unsubscribe=One-Click']);
    expect(headerValues(received, 'From')).toEqual(['"Shop, \\"the\\" best" <hello@shop.example>']);
    expect(headerValues(received, 'Reply-To')).toEqual(['Care <care@shop.example>']);
    expect(headerValues(received, 'To')).toEqual(['a@b.example']);
    expect(headerValues(received, 'Subject')[0]).toMatch(/^=\?UTF-8\?/);
    expect(headerValues(received, 'Content-Type')[0]).toMatch(/^multipart\/alternative/);
    expect(received?.from).toBe('hello@shop.example');
    expect(received?.raw).toContain('Content-Type: text/plain');
    expect(received?.raw).toContain('Content-Type: text/html');
  });

  test('transactional mail carries no list headers and comes from MAIL_FROM', async () => {
    await sender.send(mail('a@b.example'));
    const [received] = await receivedBy('a@b.example');
    expect(headerValues(received, 'List-Unsubscribe')).toEqual([]);
    expect(headerValues(received, 'List-Unsubscribe-Post')).toEqual([]);
    expect(headerValues(received, 'From')).toEqual(['Shop <news@shop.example>']);
  });

  test('with DKIM the signature covers both list headers', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    const dkim = { domainName: 'shop.example', keySelector: 's1', privateKey };
    const signed = createSenders({ fcm: {}, smtp: { url: gateways.smtpUrl, from: 'news@shop.example', dkim }, clock, log: { warn: () => undefined } }).email;
    await signed.send(mail('a@b.example', { listUnsubscribeUrl: 'https://rapport.example/u/t' }));
    await signed.close();
    const [received] = await receivedBy('a@b.example');
    const covered = /[;\s]h=([^;]+);/.exec(headerValues(received, 'DKIM-Signature')[0] ?? '')?.[1]?.replace(/\s/g, '').toLowerCase().split(':');
    expect(covered).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'from', 'subject']));
  });

  test('the environment says with which key; half of it, or a file that is no key, stops the start', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    const folder = mkdtempSync(join(tmpdir(), 'rapport-dkim-'));
    const file = join(folder, 'key.pem');
    const given = { SMTP_URL: gateways.smtpUrl, MAIL_FROM: 'news@shop.example', DKIM_DOMAIN: 'shop.example', DKIM_SELECTOR: 's1', DKIM_KEY_FILE: file };
    const make = (env: Record<string, string>): EmailSender => sendersProvider.useFactory(loadConfig(env), clock).email;
    writeFileSync(file, privateKey);
    const signed = make(given);
    await signed.send(mail('by-env@b.example'));
    await signed.close();
    const [received] = await receivedBy('by-env@b.example');
    expect(headerValues(received, 'DKIM-Signature')[0]?.replace(/\s/g, '')).toMatch(/d=shop\.example;.*s=s1;|s=s1;.*d=shop\.example;/);
    const { DKIM_SELECTOR: _selector, ...half } = given;
    expect(() => make(half)).toThrow(/belong together/);
    writeFileSync(file, 'no key');
    expect(() => make(given)).toThrow(/DKIM_KEY_FILE/);
    rmSync(folder, { recursive: true });
  });
});

describe('50 hostile values: one recipient at most, no header of theirs', () => {
  const payloads = ['Bcc: evil@evil.example', 'X-Evil: 1', '\r\nBcc: evil@evil.example\r\n\r\n<p>body</p>', '.\r\nQUIT', 'evil@evil.example'];
  const breaks = ['\r\n', '\n', '\r', '\u0000', '\r\n ', '\n\t', ', ', '> <', ';', '\u000b'];
  const values = breaks.flatMap((line) => payloads.map((payload) => `x${line}${payload}`));
  const fields: [field: string, build: (value: string) => OutgoingEmail][] = [
    ['to', (value) => mail(`victim@b.example${value.slice(1)}`)],
    ['subject', (value) => mail('victim@b.example', {}, { subject: value })],
    ['fromName', (value) => mail('victim@b.example', {}, { fromName: value })],
    ['from', (value) => mail('victim@b.example', {}, { from: `a@shop.example${value.slice(1)}` })],
    ['replyTo', (value) => mail('victim@b.example', {}, { replyTo: `a@shop.example${value.slice(1)}` })],
    ['listUnsubscribeUrl', (value) => mail('victim@b.example', { listUnsubscribeUrl: `https://rapport.example/u/${value}` })],
    ['messageId', (value) => mail('victim@b.example', { messageId: value })],
  ];
  const KNOWN = ['from', 'to', 'subject', 'message-id', 'date', 'mime-version', 'content-type', 'reply-to', 'list-unsubscribe', 'list-unsubscribe-post', 'content-transfer-encoding'];

  test('there are 50 of them', () => expect(new Set(values).size).toBe(50));

  test.each(fields)('%s', async (field, build) => {
    const patient = newSender(gateways.smtpUrl, 15_000);
    const results = await Promise.all(values.map((value) => patient.send(build(value))));
    await patient.close();
    const all = (await gateways.received()) as ReceivedEmail[];
    expect(all.flatMap((message) => message.to.filter((to) => to !== 'victim@b.example'))).toEqual([]);
    expect(all.every((message) => message.to.length === 1)).toBe(true);
    expect(all.flatMap((message) => message.headers.map(([name]) => name.toLowerCase())).filter((name) => !KNOWN.includes(name))).toEqual([]);
    // What carries a line break or a NUL is refused outright; what is merely odd may go out, quoted.
    const broken = values.map((value, n) => ({ value, result: results[n] })).filter(({ value }) => /[\r\n\0]/.test(value));
    expect(broken.filter(({ result }) => result?.kind !== 'refused' || result.code !== `BAD_HEADER_${field}`)).toEqual([]);
    expect(all.length).toBe(results.filter((result) => result.kind === 'accepted').length);
  });
});
