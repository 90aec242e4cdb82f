import {
  discountedResidualMessages, fitOptOutHazard, optOutHazard, optOutLogLikelihood, optOutProbability, survival, type OptOutRow,
} from './opt-out-hazard.js';
import { sampleBeta, seededUniform } from './math/index.js';

const HIGH_END = { alpha: 0.668, beta: 3.806 };

/** Fader & Hardie 2007: customers of 1,000 left after each year. */
const SURVIVORS = {
  highEnd: [1_000, 869, 743, 653, 593, 551, 517, 491],
  regular: [1_000, 631, 468, 382, 326, 289, 262, 241],
};

function rowsOf(survivors: readonly number[]): OptOutRow[] {
  const left = survivors.slice(1).map((count, i) => ({ messages: i + 1, optedOut: true, weight: (survivors[i] ?? 0) - count }));
  return [...left, { messages: survivors.length - 1, optedOut: false, weight: survivors.at(-1) ?? 0 }];
}

describe('published table', () => {
  it.each([
    ['High End', SURVIVORS.highEnd, 0.66808828, 3.80609458, -1611.1581473911547],
    ['Regular', SURVIVORS.regular, 0.7040773, 1.18204302, -1680.2651884632858],
  ])('%s', (_, survivors, alpha, beta, logLikelihood) => {
    const fit = fitOptOutHazard(rowsOf(survivors));
    if (!fit.fitted) throw new Error(fit.detail);
    expect(Math.abs(fit.params.alpha - alpha)).toBeLessThan(1e-5);
    expect(Math.abs(fit.params.beta - beta)).toBeLessThan(1e-4);
    expect(fit.logLikelihood).toBeCloseTo(logLikelihood, 8);
    expect(fit.observations).toBe(1_000);
  });

  it('projects years 8 to 12 of High End', () => {
    [0.46, 0.436, 0.414, 0.395, 0.378].forEach((expected, i) => expect(survival(HIGH_END, 8 + i)).toBeCloseTo(expected, 3));
  });

  it('retains .8507, .8780, .8968 in the first three', () => {
    const fitted = { alpha: 0.66808828, beta: 3.80609458 };
    [0.8506793, 0.8779566, 0.8968073].forEach((expected, i) => expect(1 - optOutHazard(fitted, i)).toBeCloseTo(expected, 6));
  });

  it('prices the residual lifetime after seven survived at 7.530, after six at 7.345', () => {
    expect(discountedResidualMessages(HIGH_END, 7, 0.1)).toBeCloseTo(7.52995, 5);
    expect(discountedResidualMessages(HIGH_END, 6, 0.1)).toBeCloseTo(7.34505, 5);
  });
});

describe('consistency', () => {
  it('who left and who stayed add up to everybody', () => {
    let left = 0;
    for (let ordinal = 1; ordinal <= 40; ordinal += 1) {
      left += optOutProbability(HIGH_END, ordinal);
      expect(left + survival(HIGH_END, ordinal)).toBeCloseTo(1, 12);
    }
  });

  it('the residual lifetime is the sum it stands for', () => {
    let sum = 0;
    for (let k = 0; k < 2_000; k += 1) sum += survival(HIGH_END, 4 + k) / survival(HIGH_END, 3) / 1.05 ** k;
    expect(discountedResidualMessages(HIGH_END, 3, 0.05)).toBeCloseTo(sum, 10);
    expect(discountedResidualMessages(HIGH_END, 3, 0.001)).toBeGreaterThan(40);
    expect(() => discountedResidualMessages(HIGH_END, 3, 0)).toThrow(RangeError);
  });

  it('the risk of the next message falls with those survived, because the impatient leave first', () => {
    for (let n = 0; n < 50; n += 1) expect(optOutHazard(HIGH_END, n + 1)).toBeLessThan(optOutHazard(HIGH_END, n));
  });

  it.each([-1, 0.5, Number.NaN])('refuses %d messages', (messages) => {
    expect(() => survival(HIGH_END, messages)).toThrow(RangeError);
    expect(() => optOutHazard(HIGH_END, messages)).toThrow(RangeError);
  });
});

describe('fit', () => {
  it.each([
    [{ alpha: 0.8, beta: 40 }, 41], [{ alpha: 2, beta: 30 }, 42], [{ alpha: 0.3, beta: 6 }, 43],
  ])('recovers the hazards of %j from 20,000 people censored after different numbers of messages', (params, seed) => {
    const uniform = seededUniform(seed);
    const rows: OptOutRow[] = Array.from({ length: 20_000 }, () => {
      const risk = sampleBeta(uniform, params.alpha, params.beta);
      const received = 1 + Math.floor(30 * uniform());
      for (let ordinal = 1; ordinal <= received; ordinal += 1) {
        if (uniform() < risk) return { messages: ordinal, optedOut: true, weight: 1 };
      }
      return { messages: received, optedOut: false, weight: 1 };
    });
    const fit = fitOptOutHazard(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    for (const survived of [0, 10, 25]) {
      const truth = optOutHazard(params, survived);
      expect(Math.abs(optOutHazard(fit.params, survived) / truth - 1)).toBeLessThan(0.08);
    }
    const gain = 2 * (fit.logLikelihood - optOutLogLikelihood(params, rows));
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThan(13.8); // chi-square, 2 degrees of freedom, once in 1,000
  });

  it('says why it does not fit', () => {
    expect(fitOptOutHazard([{ messages: 4, optedOut: false, weight: 12 }])).toMatchObject({ reason: 'too_few_observations', observations: 12 });
    expect(fitOptOutHazard([{ messages: 4, optedOut: false, weight: 900 }])).toMatchObject({ fitted: false, reason: 'no_variation' });
    // somebody who has had no message says nothing about messages
    expect(fitOptOutHazard([{ messages: 0, optedOut: false, weight: 900 }])).toMatchObject({ reason: 'too_few_observations', observations: 0 });
  });
});
