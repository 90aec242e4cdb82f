import fc from 'fast-check';
import { minRankScores, RFM_GROUP_CELLS, RFM_GROUPS, rfmGroup, rfmScores } from './rfm.js';

const SCORES = [1, 2, 3, 4, 5];

describe('RFM groups', () => {
  it('put every one of the 25 cells into exactly one group', () => {
    for (const recency of SCORES) {
      for (const frequency of SCORES) {
        const holding = RFM_GROUP_CELLS.filter((cell) =>
          recency >= cell.recency[0] && recency <= cell.recency[1] && frequency >= cell.frequency[0] && frequency <= cell.frequency[1]);
        expect(holding.map(({ group }) => group)).toEqual([rfmGroup(recency, frequency)]);
      }
    }
  });

  it('are the ten of the contract, drawn as the grid', () => {
    expect(RFM_GROUPS).toEqual([
      'champions', 'loyal', 'potential_loyalist', 'new', 'promising', 'need_attention', 'about_to_sleep', 'cant_lose', 'at_risk',
      'hibernating',
    ]);
    const grid = [5, 4, 3, 2, 1].map((recency) => SCORES.map((frequency) => rfmGroup(recency, frequency)));
    const low = ['hibernating', 'hibernating', 'at_risk', 'at_risk', 'cant_lose'];
    expect(grid).toEqual([
      ['new', 'potential_loyalist', 'potential_loyalist', 'champions', 'champions'],
      ['promising', 'potential_loyalist', 'potential_loyalist', 'loyal', 'loyal'],
      ['about_to_sleep', 'about_to_sleep', 'need_attention', 'loyal', 'loyal'],
      low,
      low,
    ]);
  });

  it.each([[0, 1], [6, 1], [1, 0], [1.5, 1], [Number.NaN, 2]])('refuse recency %d, frequency %d', (recency, frequency) => {
    expect(() => rfmGroup(recency, frequency)).toThrow(RangeError);
  });
});

describe('minimum-rank scores', () => {
  const values = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 });

  it('are quintiles without ties, and share the lowest with them', () => {
    expect(minRankScores([10, 20, 30, 40, 50])).toEqual([1, 2, 3, 4, 5]);
    expect(minRankScores([1, 1, 1, 2, 3])).toEqual([1, 1, 1, 4, 5]);
    expect(minRankScores([7, 7, 7])).toEqual([1, 1, 1]);
    expect(minRankScores([])).toEqual([]);
    expect(() => minRankScores([1, Number.NaN])).toThrow(RangeError);
  });

  it('give each user the same score in any order of the rows', () => {
    fc.assert(fc.property(values, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (users, keys) => {
      const order = users.map((_, i) => ({ i, key: keys.next().value ?? 0 })).sort((a, b) => a.key - b.key).map(({ i }) => i);
      const scores = minRankScores(users);
      expect(minRankScores(order.map((i) => users[i] ?? 0))).toEqual(order.map((i) => scores[i]));
    }));
  });

  it('rise with the value, equal values sharing, and ignore a positive affine change', () => {
    fc.assert(fc.property(values, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -99, max: 99 }), (users, slope, shift) => {
      const scores = minRankScores(users);
      users.forEach((value, i) => users.forEach((other, j) => {
        if (value <= other) expect(scores[i]).toBeLessThanOrEqual(scores[j] ?? 0);
      }));
      expect(minRankScores(users.map((value) => slope * value + shift))).toEqual(scores);
    }));
  });

  it('reward the least time since the last purchase', () => {
    const [fresh, stale] = rfmScores([{ recency: 1, frequency: 1, monetary: 5 }, { recency: 300, frequency: 4, monetary: 9 }]);
    expect(fresh).toEqual({ recency: 3, frequency: 1, monetary: 1 });
    expect(stale).toEqual({ recency: 1, frequency: 3, monetary: 3 });
  });
});
