import { normalQuantile } from '../scoring/math/index.js';
import {
  deltaRelativeLift, incrementalConversions, meanDifference, rateAsMean, rateDifference, relativeLift, wilsonInterval,
  type RateArm,
} from './lift.js';

/** Hillstrom's MineThatData e-mail test (2008), counts per arm. */
const NONE = 21_306;
const MENS = 21_307;
const WOMENS = 21_387;
const HILLSTROM = [
  {
    name: 'Mens visit', treated: [MENS, 3_894], control: [NONE, 2_262],
    absolute: 0.0765896, wald: [0.0699533, 0.0832258], relative: 72.1, relativeInterval: [64.0, 80.6],
  },
  {
    name: 'Mens conversion', treated: [MENS, 267], control: [NONE, 122], absolute: 0.006805, wald: [0.0050001, 0.0086099],
    newcombe: [0.0050143, 0.0086407], z: 7.39, relative: 118.8, relativeInterval: [76.8, 170.9], incremental: [144.99, 106.5, 183.5],
  },
  {
    name: 'Womens visit', treated: [WOMENS, 3_238], control: [NONE, 2_262],
    absolute: 0.0452331, wald: [0.0388937, 0.0515725], relative: 42.6, relativeInterval: [35.6, 50.0],
  },
  {
    name: 'Womens conversion', treated: [WOMENS, 189], control: [NONE, 122], absolute: 0.0031111, wald: [0.0014986, 0.0047235],
    newcombe: [0.0015017, 0.0047455], z: 3.782, relative: 54.3, relativeInterval: [23.0, 93.6], incremental: [66.54, 32.1, 101.0],
  },
] as const;

const arm = ([trials, successes]: readonly [number, number]): RateArm => ({ trials, successes });

function expectInterval(actual: readonly number[] | undefined, expected: readonly number[], within: number): void {
  expected.forEach((value, i) => expect(Math.abs((actual?.[i] ?? NaN) - value)).toBeLessThanOrEqual(within));
}

describe('difference of rates', () => {
  it.each(HILLSTROM)('reproduces Hillstrom, $name', (row) => {
    const difference = rateDifference(arm(row.treated), arm(row.control));
    expectInterval([difference?.absolute ?? NaN], [row.absolute], 6e-8);
    expectInterval(difference?.waldInterval, row.wald, 6e-8);
    if ('newcombe' in row) {
      expectInterval(difference?.interval, row.newcombe, 6e-8);
      expectInterval([(difference?.absolute ?? NaN) / (difference?.standardError ?? NaN)], [row.z], 6e-4);
    }
    const lift = relativeLift(rateAsMean(arm(row.treated)), rateAsMean(arm(row.control)));
    expectInterval([100 * (lift?.relative ?? NaN)], [row.relative], 0.051);
    expectInterval(lift?.interval.map((value) => 100 * value), row.relativeInterval, 0.051);
  });

  it.each(HILLSTROM.filter((row) => 'incremental' in row))('counts what $name would not have had without the mail', (row) => {
    if (!('incremental' in row)) return;
    const plain = incrementalConversions(arm(row.treated), arm(row.control), { interval: 'wald' });
    expectInterval([plain?.count ?? NaN, ...(plain?.interval ?? [])], row.incremental, 0.06);
    const shown = incrementalConversions(arm(row.treated), arm(row.control));
    expect(shown?.interval[0]).toBeCloseTo(row.treated[0] * row.newcombe[0], 1);
  });

  it('gives Newcombe\'s own example 56/70 against 48/80 its published interval', () => {
    // Newcombe 1998, table II, method 10: .0524 to .3339
    expectInterval(rateDifference({ trials: 70, successes: 56 }, { trials: 80, successes: 48 })?.interval, [0.0524, 0.3339], 5e-5);
  });

  it('shows an interval that is not empty when nobody converted in either arm', () => {
    const nothing = rateDifference({ trials: 100, successes: 0 }, { trials: 50, successes: 0 });
    expect(nothing?.pValue).toBe(1);
    expect(nothing?.interval[0]).toBeLessThan(-0.05);
    expect(nothing?.interval[1]).toBeGreaterThan(0.03);
    expect(relativeLift(rateAsMean({ trials: 100, successes: 0 }), rateAsMean({ trials: 50, successes: 0 }))).toBeNull();
  });

  it('says nothing with fewer than two users in an arm', () => {
    expect(rateDifference({ trials: 1, successes: 1 }, { trials: 50, successes: 0 })).toBeNull();
    expect(rateDifference({ trials: 50, successes: 1 }, { trials: 0, successes: 0 })).toBeNull();
    expect(incrementalConversions({ trials: 50, successes: 1 }, { trials: 0, successes: 0 })).toBeNull();
  });

  it('turns around when the arms change places', () => {
    const one = rateDifference({ trials: 90, successes: 7 }, { trials: 40, successes: 9 });
    const other = rateDifference({ trials: 40, successes: 9 }, { trials: 90, successes: 7 });
    expectInterval(one?.interval, [-(other?.interval[1] ?? 0), -(other?.interval[0] ?? 0)], 1e-15);
    expect(one?.pValue).toBe(other?.pValue);
  });

  it('keeps Wilson within [0, 1], touching the end only at 0 or all', () => {
    expect(wilsonInterval({ trials: 10, successes: 0 })[0]).toBe(0);
    expect(wilsonInterval({ trials: 10, successes: 10 })[1]).toBe(1);
    // Newcombe 1998 (single proportion), 81/263: .2553 to .3662
    expectInterval(wilsonInterval({ trials: 263, successes: 81 }), [0.2553, 0.3662], 5e-5);
  });
});

describe('difference of means', () => {
  const a = { n: 3_407, mean: 0.41, variance: 3.9 ** 2 };
  const b = { n: 3_461, mean: 0.7, variance: 6.2 ** 2 };

  it('matches the t-test of GrowthBook\'s own unit test', () => {
    const lift = deltaRelativeLift(b, a);
    expectInterval([lift?.relative ?? NaN, lift?.standardError ?? NaN, lift?.pValue ?? NaN], [0.70732, 0.37879, 0.06191], 5e-6);
    expectInterval(lift?.interval, [-0.03526, 1.44989], 5e-6);
  });

  it('gives Welch\'s test: smaller degrees of freedom widen the interval beyond z', () => {
    const small = meanDifference({ n: 6, mean: 12, variance: 9 }, { n: 5, mean: 10, variance: 4 });
    const half = ((small?.interval[1] ?? 0) - (small?.interval[0] ?? 0)) / 2;
    expect(half / (small?.standardError ?? 1)).toBeGreaterThan(2.2);
    // (9/6 + 4/5)² / ((9/6)²/5 + (4/5)²/4) = 8.672; t = 2/√2.3 = 1.3188
    expect(small?.pValue).toBeGreaterThan(0.2);
    expect(small?.pValue).toBeLessThan(0.23);
    const large = meanDifference(b, a);
    expect(((large?.interval[1] ?? 0) - (large?.interval[0] ?? 0)) / 2 / (large?.standardError ?? 1)).toBeCloseTo(normalQuantile(0.975), 3);
  });

  it('treats a metric without variance as certain', () => {
    expect(meanDifference({ n: 9, mean: 1, variance: 0 }, { n: 9, mean: 1, variance: 0 })?.pValue).toBe(1);
    expect(meanDifference({ n: 9, mean: 2, variance: 0 }, { n: 9, mean: 1, variance: 0 })?.pValue).toBe(0);
  });
});
