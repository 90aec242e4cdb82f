import { BoundedCache } from './bounded-cache.js';

describe('BoundedCache', () => {
  it('drops what was used least recently once the weight is over', () => {
    const cache = new BoundedCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    expect(cache.get('a')).toBe('A');
    cache.set('c', 'C', 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
  });

  it('weighs a replaced value once, and keeps nothing heavier than itself', () => {
    const cache = new BoundedCache<number>(10);
    for (let i = 0; i < 100; i++) cache.set('a', i, 9);
    expect(cache.get('a')).toBe(99);
    cache.set('b', 1, 11);
    expect([cache.get('b'), cache.size]).toEqual([undefined, 0]);
  });
});
