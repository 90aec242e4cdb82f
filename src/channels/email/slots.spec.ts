import { Slots } from './slots.js';

describe('slots', () => {
  test('first come, first served, and never more than the size', async () => {
    const slots = new Slots(2);
    expect([await slots.take(1000), await slots.take(1000)]).toEqual(['taken', 'taken']);
    const order: string[] = [];
    const first = slots.take(1000).then(() => order.push('first'));
    const second = slots.take(1000).then(() => order.push('second'));
    expect(order).toEqual([]);
    slots.give();
    await first;
    expect(order).toEqual(['first']);
    slots.give();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  test('who waits too long leaves, and takes no slot with him', async () => {
    const slots = new Slots(1);
    await slots.take(1000);
    expect(await slots.take(1)).toBe('late');
    slots.give();
    expect(await slots.take(1000)).toBe('taken');
  });

  test('close turns the waiters away and waits for the busy ones', async () => {
    const slots = new Slots(1);
    await slots.take(1000);
    const waiting = slots.take(1000);
    let closed = false;
    const closing = slots.close().then(() => (closed = true));
    expect(await waiting).toBe('closed');
    expect(closed).toBe(false);
    slots.give();
    await closing;
    expect(await slots.take(1000)).toBe('closed');
  });
});
