import { jest } from '@jest/globals';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { FeedbackModule, Links } from '../../src/feedback/index.js';
import { ScopesGuard, UserTokens } from '../../src/platform/auth/index.js';
import { ApiDatabase } from '../../src/platform/database/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const BASE = 'https://mail.rapport.test';
/** Of nobody we know: changes no answer, and a request that has it goes the long way. */
const STRANGER = { origin: 'https://elsewhere.test' };

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

describe.each([['no browser origins', {}], ['browser origins', { CORS_ORIGINS: 'https://shop.test' }]])('with %s configured', (_, env) => {
  let t: TestApp;
  let ledger: LedgerFactory;
  let ref: MessageRef;
  let message: string;
  let guard: jest.SpiedFunction<ScopesGuard['canActivate']>;

  beforeAll(async () => {
    t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE, ...env } });
    ledger = new LedgerFactory(t.db);
    ref = await ledger.delivery(await ledger.campaign({ channel: 'email', topic: 'promo' }), await ledger.user('ada', { locale: 'de' }));
    message = t.app.get(MessageIds).encode(ref);
    t.clock.advance({ hours: 1 });
    guard = jest.spyOn(ScopesGuard.prototype, 'canActivate');
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => t.close());

  const key = (name: 'app' | 'ingest') => ({ authorization: `Bearer ${t.keys[name]}`, 'content-type': 'application/json' });
  const opened = (id: string): Asked => ({ path: `/v1/messages/${id}/events`, headers: key('app'), body: JSON.stringify({ type: 'opened', occurredAt: '2026-01-01T00:00:00Z' }) });
  const mail = () => t.app.get(Links).forMessage(ref);
  const within = (url: string) => url.slice(BASE.length);
  async function clickUrl(): Promise<string> {
    const page = await t.app.get(Links).trackHtml('<a href="https://shop.test/offers">offers</a>', ref);
    return within(/href="([^"]+)"/.exec(page)![1]!);
  }
  const REQUESTS: [string, () => Asked | Promise<Asked>, status: number][] = [
    ['an app’s report', () => opened(message), 200],
    ['a report of no message of ours', () => opened(t.app.get(MessageIds).encode({ ...ref, id: '999999' })), 404],
    ['a mail’s picture', () => ({ path: within(mail().openPixel) }), 200],
    ['a click', async () => ({ path: await clickUrl() }), 302],
    ['a one-click unsubscribe', () => ({ path: within(mail().unsubscribe), headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' }), 200],
    ['an event of a phone', () => ({ path: '/v1/events', headers: { ...key('app'), 'x-user-token': t.app.get(UserTokens).mint('ada', 60_000).token }, body: JSON.stringify({ events: [{ eventId: 'f', userId: 'ada', name: 'viewed', occurredAt: t.clock.now().toISOString() }] }) }), 200],
    ['an event', () => ({ path: '/v1/events', headers: key('ingest'), body: JSON.stringify({ events: [{ eventId: 'e', userId: 'ada', name: 'purchase', occurredAt: t.clock.now().toISOString() }, 1] }) }), 200],
  ];

  async function ask({ path, method, headers, body }: Asked, more: Record<string, string> = {}): Promise<{ status: number; headers: Record<string, string>; body: Buffer; guarded: boolean }> {
    guard = jest.spyOn(ScopesGuard.prototype, 'canActivate');
    guard.mockClear();
    const answer = await fetch(t.url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'), redirect: 'manual', headers: { 'x-request-id': 'r-1', ...headers, ...more }, ...(body === undefined ? {} : { body }),
    });
    const { date, ...others } = Object.fromEntries(answer.headers);
    expect(Date.parse(date!)).not.toBeNaN();
    return { status: answer.status, headers: others, body: Buffer.from(await answer.arrayBuffer()), guarded: guard.mock.calls.length > 0 };
  }

  it.each(REQUESTS)('%s is answered on the fast path as on the long way, to the last header and byte', async (_name, make, status) => {
    const asked = await make();
    // The first looks its key up and is stored, so that all that follow find the same.
    await ask(asked, STRANGER);
    const long = await ask(asked, STRANGER);
    const fast = await ask(asked);
    expect([long.guarded, fast.guarded]).toEqual([true, false]);
    expect(fast.status).toBe(status);
    expect({ ...fast, guarded: null }).toEqual({ ...long, guarded: null });
  });

  it('a fault of ours is answered on the fast path as on the long way', async () => {
    await ask(opened(message), STRANGER);
    jest.spyOn(ApiDatabase.prototype, 'transaction').mockRejectedValue(new Error('broken'));
    const [long, fast] = [await ask(opened(message), STRANGER), await ask(opened(message))];
    expect([long.guarded, fast.guarded]).toEqual([true, false]);
    expect(fast.status).toBe(500);
    expect({ ...fast, guarded: null }).toEqual({ ...long, guarded: null });
  });

  const ODD: [string, (plain: Asked) => Asked, status: number][] = [
    ['a key that was never seen', (plain) => ({ ...plain, headers: { ...plain.headers, authorization: 'Bearer unknown' } }), 401],
    ['a key of another scope', (plain) => ({ ...plain, headers: { ...plain.headers, ...key('ingest') } }), 403],
    ['a user token that does not hold', (plain) => ({ ...plain, headers: { ...plain.headers, 'x-user-token': 'a.b.c' } }), 401],
    ['a body that is no JSON', (plain) => ({ ...plain, body: '{' }), 400],
    ['a body with an unknown field', (plain) => ({ ...plain, body: '{"type": "opened", "occurredAt": "2026-01-01T00:00:00Z", "x": 1}' }), 400],
    ['an Idempotency-Key', (plain) => ({ ...plain, headers: { ...plain.headers, 'idempotency-key': 'k' } }), 200],
    ['a query', (plain) => ({ ...plain, path: `${plain.path}?from=app` }), 200],
    ['a slash at the end', (plain) => ({ ...plain, path: `${plain.path}/` }), 200],
    ['another method', (plain) => ({ ...plain, method: 'PUT' }), 404],
  ];
  it.each(ODD)('with %s a report goes the long way, body and all', async (_name, change, status) => {
    for (const scope of ['app', 'ingest'] as const) await ask({ ...opened(message), headers: key(scope) }, STRANGER);
    const answer = await ask(change(opened(message)));
    expect(answer.status).toBe(status);
    if (status !== 404) expect(answer.guarded).toBe(true);
  });

  it('a revoked key is dead on the fast path too', async () => {
    const { id, key: secret } = await (await fetch(`${t.url}/v1/keys`, {
      method: 'POST', headers: { authorization: `Bearer ${t.adminKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'phone', scope: 'app' }),
    })).json() as { id: string; key: string };
    const asked = { ...opened(message), headers: { ...key('app'), authorization: `Bearer ${secret}` } };
    await ask(asked);
    expect(await ask(asked)).toMatchObject({ status: 200, guarded: false });
    await fetch(`${t.url}/v1/keys/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${t.adminKey}` } });
    expect(await ask(asked)).toMatchObject({ status: 401 });
  });
});
