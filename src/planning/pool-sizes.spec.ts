import { PoolSizes } from './pool-sizes.js';

const MOST = 1_000;

describe('the size of a pool to come', () => {
  it('is that of the bucket before, of the same wave alone', () => {
    const sizes = new PoolSizes();
    expect(sizes.expected('1')).toBe(0);
    sizes.saw('1', 16_000);
    sizes.saw('2', 3);
    sizes.saw('1', 9_000);
    expect([sizes.expected('1'), sizes.expected('2'), sizes.expected('3')]).toEqual([9_000, 3, 0]);
  });

  it('is forgotten of the wave that was met longest ago, so that a process that runs for months does not grow', () => {
    const sizes = new PoolSizes();
    for (let wave = 0; wave < MOST; wave++) sizes.saw(String(wave), wave + 1);
    sizes.saw('0', 7);
    sizes.saw('new', 5);
    expect([sizes.expected('0'), sizes.expected('1'), sizes.expected('2'), sizes.expected('new')]).toEqual([7, 0, 3, 5]);
  });
});
