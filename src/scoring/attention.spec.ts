import {
  attentionLogLikelihood, conditionalExpectedOpens, expectedOpens, fitAttention, probabilityListening, type WeightedAttention,
} from './attention.js';
import { sampleBeta, seededUniform } from './math/index.js';

const PUBLISHED = { alpha: 1.203528, beta: 0.749726, gamma: 0.6567808, delta: 2.783796 };
const history = (opens: number, lastOpened: number, messages: number) => ({ opens, lastOpened, messages });

describe('published values of the donations', () => {
  it('expects 3.1798 opens in ten messages', () => expect(expectedOpens(PUBLISHED, 10)).toBeCloseTo(3.179805, 5));

  it('expects of A and B what the paper prints', () => {
    expect(conditionalExpectedOpens(PUBLISHED, history(0, 0, 6), 10)).toBeCloseTo(0.1302169, 6);
    expect(conditionalExpectedOpens(PUBLISHED, history(4, 5, 6), 10)).toBeCloseTo(3.627858, 5);
  });

  it.each([[0, 0, 0.108133], [1, 1, 0.069462], [4, 5, 0.6968], [3, 6, 0.930434], [6, 6, 0.930434]])(
    'P(listening at message 7 | %d opens, last at %d)', (opens, lastOpened, expected) => {
      // recomputed at a refit that differs from the published parameters in the sixth digit
      expect(Math.abs(probabilityListening(PUBLISHED, history(opens, lastOpened, 6)) - expected)).toBeLessThan(2e-5);
    });
});

describe('consistency', () => {
  it('the likelihood sums to 1 over all sequences of five messages', () => {
    let total = 0;
    for (let mask = 0; mask < 32; mask += 1) {
      const opened = [1, 2, 3, 4, 5].filter((ordinal) => (mask >> (ordinal - 1)) & 1);
      const row = { ...history(opened.length, opened.at(-1) ?? 0, 5), weight: 1 };
      total += Math.exp(attentionLogLikelihood(PUBLISHED, [row]));
    }
    expect(total).toBeCloseTo(1, 12);
  });

  it('the expectation of a person unknown so far is that of a new one, also at gamma = 1', () => {
    for (const gamma of [0.6567808, 1, 1.7]) {
      const params = { ...PUBLISHED, gamma };
      expect(conditionalExpectedOpens(params, history(0, 0, 0), 8)).toBeCloseTo(expectedOpens(params, 8), 12);
    }
    const near = (gamma: number): number => conditionalExpectedOpens({ ...PUBLISHED, gamma }, history(2, 3, 6), 10);
    expect(near(1)).toBeCloseTo((near(1 - 1e-6) + near(1 + 1e-6)) / 2, 9);
  });

  it('one message ahead it is the chance of listening times the chance of opening', () => {
    const state = history(4, 5, 6);
    // given listening at message 7, the open probability is Beta(alpha + x, beta + n − x)
    const opening = (PUBLISHED.alpha + 4) / (PUBLISHED.alpha + PUBLISHED.beta + 6);
    expect(conditionalExpectedOpens(PUBLISHED, state, 1)).toBeCloseTo(probabilityListening(PUBLISHED, state) * opening, 12);
  });

  it('falls with every unopened message and holds over thousands of them', () => {
    let before = 1;
    for (const messages of [5, 6, 10, 100, 5_000]) {
      const now = probabilityListening(PUBLISHED, history(4, 5, messages));
      expect(now).toBeLessThan(before);
      expect(now).toBeGreaterThan(0);
      before = now;
    }
  });

  it.each([[2, 1, 5], [0, 1, 5], [1, 0, 5], [1, 6, 5], [0.5, 1, 5]])('refuses %d opens, last %d of %d', (opens, lastOpened, messages) => {
    expect(() => probabilityListening(PUBLISHED, history(opens, lastOpened, messages))).toThrow(RangeError);
  });
});

describe('fit', () => {
  it.each([
    [{ alpha: 1.5, beta: 3, gamma: 1, delta: 9 }, 31],
    [{ alpha: 0.6, beta: 5, gamma: 0.7, delta: 3 }, 32],
    [{ alpha: 4, beta: 4, gamma: 0.5, delta: 20 }, 33],
  ])('recovers the open and dropout rates of 6,000 people simulated at %j', (truth, seed) => {
    const uniform = seededUniform(seed);
    const counts = new Map<string, WeightedAttention>();
    for (let person = 0; person < 6_000; person += 1) {
      const open = sampleBeta(uniform, truth.alpha, truth.beta);
      const drop = sampleBeta(uniform, truth.gamma, truth.delta);
      let opens = 0;
      let lastOpened = 0;
      let listening = true;
      for (let ordinal = 1; ordinal <= 20; ordinal += 1) {
        listening &&= uniform() >= drop;
        if (listening && uniform() < open) [opens, lastOpened] = [opens + 1, ordinal];
      }
      const key = `${opens}|${lastOpened}`;
      counts.set(key, { ...history(opens, lastOpened, 20), weight: 1 + (counts.get(key)?.weight ?? 0) });
    }
    const rows = [...counts.values()];
    const fit = fitAttention(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.observations).toBe(6_000);
    expect(Math.abs(fit.params.alpha / (fit.params.alpha + fit.params.beta) / (truth.alpha / (truth.alpha + truth.beta)) - 1)).toBeLessThan(0.15);
    expect(Math.abs(fit.params.gamma / (fit.params.gamma + fit.params.delta) / (truth.gamma / (truth.gamma + truth.delta)) - 1)).toBeLessThan(0.25);
    const gain = 2 * (fit.logLikelihood - attentionLogLikelihood(truth, rows));
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThan(18.5); // chi-square, 4 degrees of freedom, once in 1,000
  });

  it('says why it does not fit', () => {
    expect(fitAttention([{ ...history(1, 1, 2), weight: 3 }])).toMatchObject({ fitted: false, reason: 'too_few_observations' });
    expect(fitAttention([{ ...history(0, 0, 5), weight: 300 }])).toMatchObject({ fitted: false, reason: 'no_variation' });
  });
});
