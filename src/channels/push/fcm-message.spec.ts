import fc from 'fast-check';
import type { OutgoingPush, RenderedPush } from '../channel-sender.js';
import { collapseId, fcmBody, fitsEverywhere, isReservedDataKey, MAX_PUSH_PAYLOAD_BYTES, pushPayloadBytes, ttlSeconds } from './fcm-message.js';

const NOW = new Date('2026-03-01T10:00:00Z');

function push(platform: OutgoingPush['platform'], content: RenderedPush, more: Partial<OutgoingPush> = {}): OutgoingPush {
  return { messageId: 'm1', campaignId: 'c1', token: 't1', platform, content, expiresAt: new Date(NOW.getTime() + 60_000), ...more };
}

describe('time to live', () => {
  const at = (ms: number): number => ttlSeconds(new Date(NOW.getTime() + ms), NOW);
  test('never past expiry, never over 28 days, never negative', () => {
    expect([at(60_000), at(59_999), at(0), at(-1), at(28 * 86_400_000), at(29 * 86_400_000)]).toEqual([60, 59, 0, 0, 2_419_200, 2_419_200]);
  });
  test('on the web and on iOS it says the same', () => {
    const apns = fcmBody(push('ios', { title: 'x' }), NOW).message['apns'] as { headers: Record<string, string> };
    const webpush = fcmBody(push('web', { title: 'x' }), NOW).message['webpush'] as { headers: Record<string, string> };
    expect(apns.headers['apns-expiration']).toBe(String(NOW.getTime() / 1000 + 60));
    expect(webpush.headers['TTL']).toBe('60');
  });
});

describe('collapse id', () => {
  test('is the message id up to 64 bytes, and a stable hash of it beyond', () => {
    expect(collapseId('x'.repeat(64))).toBe('x'.repeat(64));
    const long = collapseId('ü'.repeat(33));
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(64);
    expect(collapseId('ü'.repeat(33))).toBe(long);
    expect(collapseId('ü'.repeat(34))).not.toBe(long);
  });
  test('a web topic only where the id is one by RFC 8030', () => {
    const topic = (messageId: string): unknown => (fcmBody(push('web', { title: 'x' }, { messageId }), NOW).message['webpush'] as { headers: object }).headers;
    expect(topic('abc-_9')).toMatchObject({ Topic: 'abc-_9' });
    expect(topic('a.b')).not.toHaveProperty('Topic');
    expect(topic('x'.repeat(33))).not.toHaveProperty('Topic');
  });
});

describe('blocks of the template', () => {
  test('only the block of the device\'s own platform goes out', () => {
    const content = { title: 'x', android: { priority: 'high' }, apns: { payload: { aps: {} } }, webpush: { headers: {} } };
    for (const [platform, block] of [['android', 'android'], ['ios', 'apns'], ['web', 'webpush']] as const) {
      const { message } = fcmBody(push(platform, content), NOW);
      expect(['android', 'apns', 'webpush'].filter((name) => name in message)).toEqual([block]);
    }
  });
  test('nonsense where an object belongs does not break ours, and the input stays as it was', () => {
    const android = Object.freeze({ notification: 'nonsense', data: null, fcm_options: 7 });
    const content = Object.freeze({ title: 'x', android: android as unknown as Record<string, unknown> });
    const block = fcmBody(push('android', content), NOW).message['android'] as Record<string, unknown>;
    expect(block['notification']).toEqual({ tag: 'm1' });
    expect(content.android).toEqual({ notification: 'nonsense', data: null, fcm_options: 7 });
  });
  test('__proto__ in a block pollutes nothing', () => {
    const android = JSON.parse('{"__proto__": {"polluted": 1}, "notification": {"__proto__": {"polluted": 1}}}') as Record<string, unknown>;
    fcmBody(push('android', { title: 'x', android }), NOW);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
  test('a field of the app’s own that is called as a member of every object keeps its name', () => {
    const apns = { payload: { aps: { toString: 'x' } } };
    expect(fcmBody(push('ios', { title: 'x', apns }), NOW).message['apns']).toMatchObject({ payload: { aps: { toString: 'x' } } });
  });
});

describe('payload size', () => {
  test('counts bytes, not characters, of what reaches the phone; the token is not part of it', () => {
    const size = (content: RenderedPush, token = 't'): number => pushPayloadBytes(fcmBody(push('android', content, { token }), NOW));
    expect(size({ title: 'ü'.repeat(100) }) - size({ title: 'u'.repeat(100) })).toBe(100);
    expect(size({ title: 'x' }, 'y'.repeat(500))).toBe(size({ title: 'x' }));
    expect(size({ title: 'x', data: { k: 'v'.repeat(4096) } })).toBeGreaterThan(MAX_PUSH_PAYLOAD_BYTES);
  });

  test('the short way of measuring never lets pass what the long way would not', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(1_500).map((n) => 'ä"'.repeat(n)));
    const keyed = fc.dictionary(fc.constantFrom('a', 'tag', 'contentAvailable', 'mutableContent', 'badge', 'titleLocKey'), text);
    const content = fc.record({
      title: text, body: text, deepLink: text, data: keyed, dataOnly: fc.boolean(), android: fc.record({ notification: keyed, data: keyed }, { requiredKeys: [] }),
      apns: fc.record({ payload: fc.record({ aps: keyed, own: text }, { requiredKeys: [] }) }), webpush: fc.record({ notification: keyed }, { requiredKeys: [] }),
    }, { requiredKeys: [] }) as fc.Arbitrary<RenderedPush>;
    const ids = { messageId: 'm'.repeat(22), campaignId: '9'.repeat(19) };
    let near = 0;
    fc.assert(fc.property(content, (made) => {
      const { token: _token, platform: _platform, ...outgoing } = push('android', made, ids);
      const sizes = (['android', 'ios', 'web'] as const).map((platform) => pushPayloadBytes(fcmBody(push(platform, made, ids), NOW)));
      if (Math.max(...sizes) > MAX_PUSH_PAYLOAD_BYTES) near++;
      return fitsEverywhere(outgoing, NOW) === (Math.max(...sizes) <= MAX_PUSH_PAYLOAD_BYTES);
    }), { numRuns: Number(process.env['RAPPORT_PROPERTY_RUNS'] ?? 300) });
    expect(near).toBeGreaterThan(0);
  });
});

test.each([['from', true], ['google.x', true], ['gcm.notification', true], ['message_type', true], ['fromage', false], ['deepLink', false]])('data key %s reserved: %s', (key, expected) =>
  expect(isReservedDataKey(key)).toBe(expected),
);
