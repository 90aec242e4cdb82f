import { foldAttributes, foldUsers } from './user-fold.js';
import type { UserInput } from './user-row.js';

function row(changes: Partial<UserInput> & { userId: string }): UserInput {
  return {
    email: undefined, timezone: undefined, locale: undefined, createdAt: undefined, attributes: undefined, devices: [], subscriptions: [], ...changes,
  };
}

describe('several rows for one user in a batch', () => {
  it('lie on top of each other: absent keeps, null clears', () => {
    const { profiles } = foldUsers([
      row({ userId: 'a', email: 'a@example.com', timezone: 'UTC' }), row({ userId: 'b', locale: 'de' }), row({ userId: 'a', email: null, locale: 'en' }),
    ]);
    expect(profiles).toEqual([
      expect.objectContaining({ userId: 'a', email: null, timezone: 'UTC', locale: 'en' }), expect.objectContaining({ userId: 'b', locale: 'de' }),
    ]);
  });

  it('merge attributes by key, and a later null removes what an earlier row set', () => {
    const first = foldAttributes(undefined, { plan: 'gold', age: 30, gone: null });
    expect(foldAttributes(first, { age: null, gone: 1 })).toEqual({ reset: false, set: { plan: 'gold', gone: 1 }, removed: ['age'] });
    expect(foldAttributes(first, undefined)).toBe(first);
    expect(foldAttributes(foldAttributes(first, null), { x: 1 })).toEqual({ reset: true, set: { x: 1 }, removed: [] });
  });

  it('give a token to the later row and keep what only the earlier said of the device', () => {
    const { devices } = foldUsers([
      row({ userId: 'a', devices: [{ token: 't', platform: 'ios', permission: 'denied' }] }),
      row({ userId: 'b', devices: [{ token: 't', platform: 'ios', permission: undefined, appVersion: '2' }] }),
    ]);
    expect(devices).toEqual([{ userId: 'b', device: { token: 't', platform: 'ios', permission: 'denied', appVersion: '2' } }]);
  });

  it('keep an opt-out whatever a later row says', () => {
    const out = { channel: 'push' as const, topic: '', state: 'unsubscribed' as const };
    const { subscriptions } = foldUsers([
      row({ userId: 'a', subscriptions: [{ ...out, state: 'subscribed' }, out] }), row({ userId: 'a', subscriptions: [{ ...out, state: 'subscribed' }] }),
    ]);
    expect(subscriptions).toEqual([{ userId: 'a', subscription: out }]);
  });
});
