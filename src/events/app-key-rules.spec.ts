import { refusedToApp } from './app-key-rules.js';

const EVENT = { eventId: 'e', userId: 'me', name: 'view', occurredAt: new Date(0), value: null, currency: null, properties: null };

describe('what an app key may send', () => {
  it('is the own user’s events without money in them', () => {
    expect(refusedToApp(EVENT, 'me', 'purchase')).toBeUndefined();
    expect(refusedToApp(EVENT, 'you', 'purchase')?.path).toBe('userId');
    expect(refusedToApp({ ...EVENT, value: 0 }, 'me', 'purchase')?.path).toBe('value');
    expect(refusedToApp({ ...EVENT, name: 'order' }, 'me', 'order')?.path).toBe('name');
    expect(refusedToApp({ ...EVENT, name: 'purchase' }, 'me', 'order')).toBeUndefined();
  });
});
