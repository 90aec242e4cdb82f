import { chiSquareTail } from '../scoring/math/index.js';
import { assignmentBucket, BUCKETS, holdoutBuckets, inHoldout, variantBounds, variantIndex } from './assignment.js';

const users = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${i}`);

function uniformityP(buckets: readonly number[], cells: number): number {
  const counts = new Array<number>(cells).fill(0);
  for (const bucket of buckets) {
    const cell = Math.floor((bucket * cells) / BUCKETS);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const expected = buckets.length / cells;
  return chiSquareTail(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0), cells - 1);
}

describe('assignment', () => {
  it('gives the bucket that PostgreSQL gives for the published vector', () => {
    expect(assignmentBucket('salt1', '42')).toBe(Number(851981718492230669n % 10000n));
    expect(assignmentBucket('salt1', '42')).toBe(669);
  });

  it('hashes ids as UTF-8, as convert_to does', () => {
    // sha256 of 's:Ünïcode-用户' in UTF-8, first 15 hex digits, mod 10,000, computed outside
    expect(assignmentBucket('s', 'Ünïcode-用户')).toBe(6196);
  });

  it('spreads users evenly over the buckets', () => {
    expect(uniformityP(users(200_000).map((id) => assignmentBucket('even', id)), 100)).toBeGreaterThan(1e-4);
  });

  it('keeps two salts independent of each other', () => {
    const cells = [0, 0, 0, 0];
    for (const id of users(100_000)) {
      const cell = (inHoldout('first', id, 0.5) ? 2 : 0) + (inHoldout('second', id, 0.5) ? 1 : 0);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    expect(chiSquareTail(cells.reduce((sum, count) => sum + (count - 25_000) ** 2 / 25_000, 0), 3)).toBeGreaterThan(1e-4);
  });

  it('holds out nobody at 0, everybody at 1, and never lets go whom a smaller share held', () => {
    for (const id of users(2_000)) {
      expect(inHoldout('h', id, 0)).toBe(false);
      expect(inHoldout('h', id, 1)).toBe(true);
      if (inHoldout('h', id, 0.05)) expect(inHoldout('h', id, 0.1)).toBe(true);
    }
  });

  it('takes exactly 700 buckets for 7 %, although 0.07 · 10,000 is more than 700 in floating point', () => {
    expect(0.07 * BUCKETS).toBeGreaterThan(700);
    expect(holdoutBuckets(0.07)).toBe(700);
    expect(variantBounds([0.07, 0.93])).toEqual([700, 10_000]);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses a share of %s', (share) => {
    expect(() => holdoutBuckets(share)).toThrow(RangeError);
  });

  it('divides variants by weight, reaching every bucket', () => {
    expect(variantBounds([1, 1])).toEqual([5_000, 10_000]);
    expect(variantBounds([1, 1, 1])).toEqual([3_333, 6_667, 10_000]);
    expect(variantBounds([3, 0, 1])).toEqual([7_500, 7_500, 10_000]);
    const counts = [0, 0, 0];
    for (const id of users(40_000)) {
      const index = variantIndex('v', id, [3, 0, 1]);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect(Math.abs((counts[0] ?? 0) / 40_000 - 0.75)).toBeLessThan(0.01);
    expect(counts.reduce((a, b) => a + b)).toBe(40_000);
  });

  it.each([[[]], [[0, 0]], [[1, -1]], [[1, Infinity]]])('refuses the weights %j', (weights) => {
    expect(() => variantBounds(weights)).toThrow(RangeError);
  });
});
