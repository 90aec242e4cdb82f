import type { OutgoingPush } from '../channel-sender.js';
import { createSenders } from '../channels.factory.js';
import { maskToken } from './sandbox.js';

const NOW = new Date('2026-03-01T10:00:00Z');
const clock = { now: () => NOW, monotonic: () => 0, forSql: () => null };
const warnings: string[] = [];
const create = () => createSenders({ fcm: {}, smtp: {}, clock, log: { warn: (message) => warnings.push(message) } });

function push(n: number, body = 'b'): OutgoingPush {
  return { messageId: `m${n}`, campaignId: 'c', token: `token-${n}-abcdefghijklmnop`, platform: 'web', content: { title: 't', body }, expiresAt: NOW };
}

describe('the sandbox', () => {
  test('takes both channels where nothing is set, and the log says so', async () => {
    const { push: pushes, email, sandbox, modes } = create();
    expect(modes).toEqual({ push: 'sandbox', email: 'sandbox' });
    expect(warnings.join('\n')).toMatch(/push goes to the sandbox[^]*mail goes to the sandbox/);
    expect(await pushes.send(push(1))).toEqual({ kind: 'accepted', providerId: 'sandbox/1' });
    expect(await email.send({ messageId: 'm2', to: 'a@b.c', content: { subject: 's', html: 'h', text: 't' } })).toEqual({ kind: 'accepted', providerId: 'sandbox/2' });
    expect(sandbox.list(10)).toEqual({
      data: [
        { id: '2', channel: 'email', messageId: 'm2', to: 'a@b.c', acceptedAt: NOW, content: { subject: 's', html: 'h', text: 't' } },
        { id: '1', channel: 'push', messageId: 'm1', campaignId: 'c', platform: 'web', token: 'token-…mnop', expiresAt: NOW, acceptedAt: NOW, content: { title: 't', body: 'b' } },
      ],
      nextCursor: null,
    });
  });

  test('pages newest first, and what arrives meanwhile shifts nothing', async () => {
    const { push: pushes, sandbox } = create();
    for (let n = 1; n <= 5; n++) await pushes.send(push(n));
    const first = sandbox.list(2);
    await pushes.send(push(6));
    const second = sandbox.list(2, first.nextCursor ?? '');
    const third = sandbox.list(2, second.nextCursor ?? '');
    expect([first, second, third].map((page) => page.data.map(({ id }) => id))).toEqual([['5', '4'], ['3', '2'], ['1']]);
    expect(third.nextCursor).toBeNull();
    expect(() => sandbox.list(2, 'x')).toThrow(RangeError);
  });

  test('keeps the last 10,000', async () => {
    const { push: pushes, sandbox } = create();
    for (let n = 1; n <= 10_007; n++) await pushes.send(push(n));
    const { data, nextCursor } = sandbox.list(20_000);
    expect(data).toHaveLength(10_000);
    expect([data[0]?.id, data.at(-1)?.id, nextCursor]).toEqual(['10007', '8', null]);
  });

  test('refuses what the real channel would refuse without asking', async () => {
    const { push: pushes, email, sandbox } = create();
    expect(await pushes.send(push(1, 'x'.repeat(5000)))).toMatchObject({ kind: 'refused', code: 'PAYLOAD_TOO_LARGE' });
    expect(await email.send({ messageId: 'm', to: 'a@b.c', content: { subject: 'a\nb', html: '', text: '' } })).toMatchObject({ kind: 'refused', code: 'BAD_HEADER_subject' });
    expect(sandbox.list(10).data).toEqual([]);
  });

  test('large mails make room for each other instead of filling the memory', async () => {
    const { email, sandbox } = create();
    for (let n = 0; n < 40; n++) await email.send({ messageId: `m${n}`, to: 'a@b.c', content: { subject: 's', html: 'x'.repeat(1_000_000), text: 't' } });
    const { data } = sandbox.list(100);
    expect(data.length).toBeLessThan(40);
    expect(data[0]?.messageId).toBe('m39');
  });

  test('no masked token can be sent to', () => {
    expect(maskToken('short')).toBe('…hort');
    expect(maskToken('abcdefghijklmnopqrstuvwxyz')).toBe('abcdef…wxyz');
  });
});
