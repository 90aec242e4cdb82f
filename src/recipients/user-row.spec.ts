import { parseUserRow } from './user-row.js';

const NOW = new Date('2026-03-02T12:00:00Z');

function pathOf(row: unknown): string | undefined {
  const parsed = parseUserRow(row, NOW);
  if (parsed.ok) throw new Error('the row was taken');
  return parsed.path;
}

describe('parseUserRow', () => {
  it('tells absent (kept) from null (cleared)', () => {
    const parsed = parseUserRow({ userId: 'u', email: null }, NOW);
    expect(parsed).toMatchObject({ ok: true, user: { userId: 'u', email: null, devices: [], subscriptions: [] } });
    expect(parsed.ok && parsed.user.timezone).toBeUndefined();
  });

  it('brings a language tag to its canonical spelling', () => {
    expect(parseUserRow({ userId: 'u', locale: 'de-at' }, NOW)).toMatchObject({ ok: true, user: { locale: 'de-AT' } });
  });

  it.each([
    [{ userId: '' }, 'userId'], [{ userId: 5 }, 'userId'], [{ userId: 'x'.repeat(256) }, 'userId'], [{}, 'userId'],
    [{ userId: 'u', email: 'nobody' }, 'email'], [{ userId: 'u', email: '"a\nb"@example.com' }, 'email'],
    [{ userId: 'u', email: 'A <a@example.com>' }, 'email'], [{ userId: 'u', email: `${'a'.repeat(250)}@example.com` }, 'email'],
    [{ userId: 'u', timezone: 'PST' }, 'timezone'], [{ userId: 'u', timezone: '+02:00' }, 'timezone'],
    [{ userId: 'u', locale: 'de_DE' }, 'locale'], [{ userId: 'u', locale: '' }, 'locale'],
    [{ userId: 'u', createdAt: '2020-01-01' }, 'createdAt'], [{ userId: 'u', createdAt: null }, 'createdAt'],
    [{ userId: 'u', createdAt: '2026-03-04T00:00:00Z' }, 'createdAt'],
    [{ userId: 'u', attributes: [] }, 'attributes'], [{ userId: 'u', attributes: { '': 1 } }, 'attributes'],
    [{ userId: 'u', attributes: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])) }, 'attributes'],
    [{ userId: 'u', attributes: { a: 'x'.repeat(32 * 1024) } }, 'attributes'], [{ userId: 'u', attributes: { a: Infinity } }, 'attributes'],
    [{ userId: 'u', attributes: { a: '\ud800' } }, 'attributes.a'],
    [{ userId: 'u', attributes: JSON.parse('{"__proto__": 1}') }, 'attributes'],
    [{ userId: 'u', devices: {} }, 'devices'], [{ userId: 'u', devices: [null] }, 'devices[0]'],
    [{ userId: 'u', devices: [{ platform: 'ios' }] }, 'devices[0].token'],
    [{ userId: 'u', devices: [{ token: 'a'.repeat(64), platform: 'ios' }] }, 'devices[0].token'],
    [{ userId: 'u', devices: [{ token: 't', platform: 'symbian' }] }, 'devices[0].platform'],
    [{ userId: 'u', devices: [{ token: 't t', platform: 'web' }] }, 'devices[0].token'],
    [{ userId: 'u', devices: [{ token: 't', platform: 'web', model: 'x' }] }, 'devices[0].model'],
    [{ userId: 'u', subscriptions: null }, 'subscriptions'], [{ userId: 'u', subscriptions: [{ channel: 'sms', state: 'subscribed' }] }, 'subscriptions[0].channel'],
    [{ userId: 'u', subscriptions: [{ channel: 'push', state: 'maybe' }] }, 'subscriptions[0].state'],
    [{ userId: 'u', subscriptions: [{ channel: 'push', state: 'subscribed', topic: 'A B' }] }, 'subscriptions[0].topic'],
    [{ userId: 'u', phone: '1' }, 'phone'], [{ userId: 'u\0' }, 'userId'],
  ])('refuses %j at %s', (row, path) => {
    expect(pathOf(row)).toBe(path);
  });

  it('says of a raw APNs token what it is', () => {
    const parsed = parseUserRow({ userId: 'u', devices: [{ token: 'AB01'.repeat(16), platform: 'ios' }] }, NOW);
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining('APNs') });
  });
});
