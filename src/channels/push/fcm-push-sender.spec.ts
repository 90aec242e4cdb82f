import type { OutgoingPush } from '../channel-sender.js';
import { CachedCredential } from './fcm-credential.js';
import { FcmPushSender } from './fcm-push-sender.js';
import type { FcmWire } from './fcm-wire.js';
import type { WireRequest } from './fcm-session.js';
import type { WireOutcome } from './fcm-exchange.js';

let ms = 0;
const clock = { now: () => new Date(0), monotonic: () => ms, forSql: () => null };
const push: OutgoingPush = { messageId: 'm', campaignId: 'c', token: 't', platform: 'ios', content: { title: 'x' }, expiresAt: new Date(60_000) };

function setUp(fetchToken: () => Promise<{ access_token: string; expires_in: number }>, outcome: WireOutcome = { kind: 'answer', status: 200, body: '{"name":"n"}' }) {
  const requests: WireRequest[] = [];
  const warnings: string[] = [];
  const send = (request: WireRequest): Promise<WireOutcome> => (requests.push(request), Promise.resolve(outcome));
  const wire = { send, close: () => Promise.resolve() } as unknown as FcmWire;
  const credential = new CachedCredential(fetchToken, () => Promise.resolve(), clock, { warn: (message) => warnings.push(message) });
  return { sender: new FcmPushSender({ projectId: 'a/b', wire, credential, clock, timeoutMs: 50 }), requests, warnings };
}

beforeEach(() => (ms = 0));

describe('the access token', () => {
  test('is fetched once for callers that come together, kept until five minutes before its end, then fetched anew', async () => {
    let fetches = 0;
    const { sender, requests } = setUp(() => Promise.resolve({ access_token: `t${++fetches}`, expires_in: 3600 }));
    await Promise.all([sender.send(push), sender.send(push), sender.send(push)]);
    ms = 3_299_999;
    await sender.send(push);
    expect(fetches).toBe(1);
    ms = 3_300_000;
    await sender.send(push);
    expect(requests.map(({ authorization }) => authorization)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  test('a failure is logged once and means not sent; the next call tries again', async () => {
    let fetches = 0;
    const { sender, requests, warnings } = setUp(() => (++fetches === 1 ? Promise.reject(new Error('no route to Google')) : Promise.resolve({ access_token: 't', expires_in: 3600 })));
    expect(await Promise.all([sender.send(push), sender.send(push)])).toEqual([
      { kind: 'not_sent', code: 'CREDENTIAL' },
      { kind: 'not_sent', code: 'CREDENTIAL' },
    ]);
    expect(requests).toHaveLength(0);
    expect(warnings).toEqual(['no FCM access token: no route to Google']);
    expect(await sender.send(push)).toMatchObject({ kind: 'accepted' });
  });

  test('one that never comes costs no more than the budget', async () => {
    const { sender, requests } = setUp(() => new Promise(() => undefined));
    expect(await sender.send(push, { deadlineMs: 10 })).toEqual({ kind: 'not_sent', code: 'CREDENTIAL' });
    expect(requests).toHaveLength(0);
  });

  test('one that FCM refuses is not used again, an APNs key error leaves it alone', async () => {
    let fetches = 0;
    const fetchToken = () => Promise.resolve({ access_token: `t${++fetches}`, expires_in: 3600 });
    const refused = (errorCode?: string): WireOutcome => {
      const details = errorCode ? [{ errorCode }] : [];
      return { kind: 'answer', status: 401, body: JSON.stringify({ error: { code: 401, status: 'UNAUTHENTICATED', details } }) };
    };
    const oauth = setUp(fetchToken, refused());
    await oauth.sender.send(push);
    await oauth.sender.send(push);
    expect(fetches).toBe(2);
    const apns = setUp(fetchToken, refused('THIRD_PARTY_AUTH_ERROR'));
    await apns.sender.send(push);
    await apns.sender.send(push);
    expect(fetches).toBe(3);
  });
});

test('the project stands escaped in the path, and the request carries what is left of the budget', async () => {
  const { sender, requests } = setUp(() => Promise.resolve().then(() => ((ms += 20), { access_token: 't', expires_in: 3600 })));
  await sender.send(push, { deadlineMs: 1000 });
  expect(requests[0]).toMatchObject({ path: '/v1/projects/a%2Fb/messages:send', timeoutMs: 30 });
});
