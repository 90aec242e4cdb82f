import { normalQuantile, seededUniform } from '../scoring/math/index.js';
import {
  asymptoticHalfWidth, logNormalMixture, normalMixtureBound, normalMixtureRho, rateDifferenceSequence, rateSequence,
  sequenceRho, tunedRateSequence,
} from './confidence-sequence.js';

describe('published values', () => {
  it('gives rho of the asymptotic sequence', () => expect(sequenceRho(5_000)).toBeCloseTo(0.0398401, 7));

  it('gives rho, bound and mixture of Howard et al.\'s unit tests', () => {
    const rho = normalMixtureRho(100, 0.05);
    expect(rho).toBeCloseTo(12.60056, 5);
    expect(normalMixtureBound(100, rho, 0.05)).toBeCloseTo(30.35209, 5);
    expect(logNormalMixture(10, 100, rho)).toBeCloseTo(-0.6510052, 7);
  });

  it('gives the confseq interval of 700 in 1,000, tightest at 100', () => {
    const [low, high] = tunedRateSequence({ trials: 1_000, successes: 700 }, 100);
    // printed with the last digit cut, not rounded
    expect(Math.abs(low - 0.651629)).toBeLessThan(1e-6);
    expect(Math.abs(high - 0.745949)).toBeLessThan(1e-6);
  });

  it.each([
    [700, 1_000, 0.6469848008181502, 0.7496620474372756],
    [5, 1_000, 0.0003890868459484214, 0.019979021313713367],
    [20, 1_000, 0.007325822632418523, 0.04214910580476021],
    [0, 500, 0, 0.0182559800421857],
    [3, 50, 0.0039182600103574204, 0.2324432661511281],
    [120, 10_000, 0.00796799897976064, 0.017187582540209405],
  ])('gives Robbins\' sequence for %d in %d', (successes, trials, low, high) => {
    const interval = rateSequence({ trials, successes });
    expect(Math.abs(interval[0] - low)).toBeLessThan(1e-11);
    expect(Math.abs(interval[1] - high)).toBeLessThan(1e-11);
  });

  it.each([
    ['Mens conversion', 21_307, 267, 0.0029656],
    ['Womens conversion', 21_387, 189, 0.0026496],
  ])('gives Hillstrom\'s half-width, %s', (_, trials, successes, half) => {
    const interval = rateDifferenceSequence({ trials, successes }, { trials: 21_306, successes: 122 });
    expect(((interval?.[1] ?? NaN) - (interval?.[0] ?? NaN)) / 2).toBeCloseTo(half, 7);
    expect(interval?.[0]).toBeGreaterThan(0);
  });

  it.each([
    ['Mens spend', 21_307, 0.1452466, 0.4678],
    ['Womens spend', 21_387, 0.1303329, 0.4198],
  ])('gives Hillstrom\'s half-width, %s, from its standard error', (_, trials, standardError, half) => {
    expect(asymptoticHalfWidth(21_306 + trials, standardError ** 2)).toBeCloseTo(half, 4);
  });
});

describe('what may be shown', () => {
  it('is nothing below 100 conversions in either arm', () => {
    expect(rateDifferenceSequence({ trials: 9_000, successes: 900 }, { trials: 9_000, successes: 99 })).toBeNull();
    expect(rateDifferenceSequence({ trials: 9_000, successes: 900 }, { trials: 9_000, successes: 100 })).not.toBeNull();
  });

  it('is everything before the first trial', () => {
    expect(rateSequence({ trials: 0, successes: 0 })).toEqual([0, 1]);
    expect(rateSequence({ trials: 40, successes: 40 })[1]).toBe(1);
    expect(() => rateSequence({ trials: 3, successes: 4 })).toThrow(RangeError);
  });
});

/** One binomial draw by inversion over a table, so that 400,000 arms of 200 users cost a second and not a minute. */
function binomialSampler(trials: number, p: number): (u: number) => number {
  const cumulative: number[] = [];
  let mass = (1 - p) ** trials;
  let sum = mass;
  for (let k = 0; k <= trials; k += 1) {
    cumulative.push(sum);
    mass *= ((trials - k) / (k + 1)) * (p / (1 - p));
    sum += mass;
  }
  return (u) => {
    let k = 0;
    while (k < trials && (cumulative[k] ?? 1) < u) k += 1;
    return k;
  };
}

describe('peeking 100 times at an A/A test', () => {
  it('fools the plain interval in over 25 % of runs and the sequence in at most 5 %', () => {
    const uniform = seededUniform(20_260_101);
    const draw = binomialSampler(200, 0.1);
    const z = normalQuantile(0.975);
    const runs = 500;
    let naive = 0;
    let sequence = 0;
    for (let run = 0; run < runs; run += 1) {
      const successes: [number, number] = [0, 0];
      let naiveFooled = false;
      let sequenceFooled = false;
      for (let trials = 200; trials <= 20_000; trials += 200) {
        successes[0] += draw(uniform());
        successes[1] += draw(uniform());
        const [one, zero] = successes.map((count) => count / trials) as [number, number];
        const variance = (one * (1 - one) + zero * (1 - zero)) / (trials - 1);
        naiveFooled ||= Math.abs(one - zero) > z * Math.sqrt(variance);
        sequenceFooled ||= Math.abs(one - zero) > asymptoticHalfWidth(2 * trials, variance);
      }
      naive += Number(naiveFooled);
      sequence += Number(sequenceFooled);
    }
    expect(naive / runs).toBeGreaterThan(0.25);
    expect(sequence / runs).toBeLessThanOrEqual(0.05);
  });

  it('lets the exact sequence of a rate miss the truth in at most 5 % of runs looked at after every event', () => {
    const uniform = seededUniform(7);
    const rate = 0.02;
    let missed = 0;
    for (let run = 0; run < 200; run += 1) {
      let successes = 0;
      for (let trials = 1; trials <= 1_500; trials += 1) {
        const event = uniform() < rate;
        successes += Number(event);
        if (!event) continue;
        const [low] = rateSequence({ trials, successes });
        if (low > rate) {
          missed += 1;
          break;
        }
      }
    }
    expect(missed / 200).toBeLessThanOrEqual(0.05);
  });
});
