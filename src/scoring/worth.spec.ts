import fc from 'fast-check';
import { discountedResidualMessages, optOutHazard } from './opt-out-hazard.js';
import { STATED_WORTH, fitWorthModel, incrementPerMessage, type HoldoutArms, type WorthHistory } from './worth-model.js';
import { LAST_ORDINAL, MESSAGE_DISCOUNT, patienceCurve, worthOf, type Heard, type WorthPrices } from './worth.js';

const PRICES: WorthPrices = { incrementality: 0.4, value: 50, margin: 0.5, openValue: 0, cost: 0, channel: { incrementality: 0.4, value: 50 } };
const NEW: Heard = { messages: 0, opens: 0, conversions: 0, ownValue: null };
const positive = fc.double({ min: 0.1, max: 500, noNaN: true });

describe('the patience curve', () => {
  it('is the closed form of hazard and residual lifetime at every ordinal', () => {
    fc.assert(fc.property(positive, positive, fc.constantFrom(0, 1, 7, 50, 199, LAST_ORDINAL), (alpha, beta, n) => {
      const curve = patienceCurve({ alpha, beta });
      expect(curve.hazards[n]).toBeCloseTo(optOutHazard({ alpha, beta }, n), 12);
      expect(curve.lifetimes[n]! / discountedResidualMessages({ alpha, beta }, n, MESSAGE_DISCOUNT)).toBeCloseTo(1, 9);
    }), { numRuns: 100 });
  });
});

describe('worth', () => {
  it('of the first message by hand: gain 0.2, hazard 1/200 of what 200 further messages bring', () => {
    const terms = worthOf(STATED_WORTH, PRICES, NEW);
    expect(terms.conversionGain).toBeCloseTo(0.02 * 0.4 * 0.5 * 50, 12);
    expect(terms.hazard).toBe(1 / 200);
    expect(terms.keepValue).toBeCloseTo(0.2 * discountedResidualMessages(STATED_WORTH.optOut, 0, MESSAGE_DISCOUNT), 9);
    expect(terms.netWorth).toBeCloseTo(0.2 - terms.keepValue / 200, 12);
    expect(terms.netWorth).toBeGreaterThan(0);
  });

  it('falls with every message that led to nothing and rises with every conversion', () => {
    const net = (heard: Partial<Heard>): number => worthOf(STATED_WORTH, PRICES, { ...NEW, ...heard }).netWorth;
    expect(net({ messages: 10, conversions: 1 })).toBeGreaterThan(net({ messages: 10 }));
    const gains = [0, 5, 20, 80].map((messages) => worthOf(STATED_WORTH, PRICES, { ...NEW, messages }).conversionGain);
    expect([...gains].sort((a, b) => b - a)).toEqual(gains);
  });

  it('does not grow with value alone: both sides scale, so only cost makes a difference', () => {
    const cell = { ...STATED_WORTH, optOut: { alpha: 30, beta: 70 } };
    for (const ownValue of [null, 5, 50, 500]) {
      expect(Math.sign(worthOf(cell, PRICES, { ...NEW, messages: 30, ownValue }).netWorth)).toBe(-1);
      expect(Math.sign(worthOf(STATED_WORTH, PRICES, { ...NEW, ownValue }).netWorth)).toBe(1);
    }
  });

  it('a message that sells little is refused where others sell more, though the same risk is worth taking for those', () => {
    const cheap = worthOf(STATED_WORTH, { ...PRICES, value: 2 }, NEW);
    expect(cheap.keepValue).toBe(worthOf(STATED_WORTH, PRICES, NEW).keepValue);
    expect(cheap.netWorth).toBeLessThan(0);
  });

  it('falls with the hazard and with the cost', () => {
    fc.assert(fc.property(positive, positive, fc.double({ min: 0, max: 5, noNaN: true }), (alpha, beta, cost) => {
      const of = (a: number, c: number): number => worthOf({ ...STATED_WORTH, optOut: { alpha: a, beta: beta + 100 } }, { ...PRICES, openValue: 10, cost: c }, NEW).hazard;
      expect(of(alpha * 2, cost)).toBeGreaterThan(of(alpha, cost));
      const net = (c: number): number => worthOf(STATED_WORTH, { ...PRICES, cost: c }, NEW).netWorth;
      expect(net(cost + 1)).toBeLessThan(net(cost));
    }));
  });
});

describe('the fitted parameters of worth', () => {
  const arms = (of: Partial<HoldoutArms> = {}): HoldoutArms => ({
    campaignId: '7', channel: 'push', messages: 10_000, treated: 10_000, treatedConversions: 300, treatedSquares: 300, control: 10_000, controlConversions: 100, controlSquares: 100, ...of,
  });

  it('are the stated ones, and say so, where nothing was sent', () => {
    const model = fitWorthModel([], [], {});
    expect(model.cells).toHaveLength(2);
    expect(model.cells[0]).toMatchObject({ ...STATED_WORTH, sources: { optOut: 'stated', openRate: 'stated', conversionRate: 'stated' } });
    expect(model.channels.push).toEqual({ share: 0.4, source: 'stated' });
  });

  it('a holdout with enough data replaces the stated share, on its channel and for its campaign; too small a one does not', () => {
    const model = fitWorthModel([], [arms()], {});
    expect(model.channels.push.source).toBe('channel holdouts');
    // 0.02 a message more than without, against a stated raw rate of 0.02.
    expect(model.channels.push.share).toBeGreaterThan(0.9);
    expect(model.campaigns['7']).toMatchObject({ source: 'campaign holdout' });
    expect(model.channels.email.source).toBe('stated');
    expect(fitWorthModel([], [arms({ control: 49, controlConversions: 1, controlSquares: 1 })], {}).channels.push).toEqual({ share: 0.4, source: 'stated' });
  });

  it('a small control in which nobody converted says no more for it', () => {
    const few = { messages: 200, treated: 200, treatedConversions: 30, treatedSquares: 30, control: 50 };
    const { mean, variance } = incrementPerMessage(arms({ ...few, controlConversions: 0, controlSquares: 0 }));
    expect(mean).toBeCloseTo(0.15, 6);
    // As of the pooled rate of 0.12 in both arms: 0.15 is three standard errors from nothing, not six.
    expect(mean / Math.sqrt(variance)).toBeLessThan(3.1);
  });

  it('a campaign that made no difference is worth next to nothing, never less than it', () => {
    const model = fitWorthModel([], [arms({ treatedConversions: 200, treatedSquares: 200, controlConversions: 320, controlSquares: 320 })], {});
    expect(model.channels.push.share).toBe(0);
    expect(model.campaigns['7']!.share).toBe(0);
  });

  it('recover the rates of a segment where it has data, and climb where it has not', () => {
    const rows = (segment: string | null, weight: number): WorthHistory[] => [0, 1, 2, 4].map((conversions) =>
      ({ channel: 'push', segment, messages: 20, opens: conversions * 2, conversions, leftAt: conversions === 4 ? 20 : null, weight }));
    const model = fitWorthModel([...rows(null, 100), ...rows('few', 2), ...rows('many', 50)], [], {});
    const sourceOf = (segment: string): string => model.cells.find((cell) => cell.segment === segment && cell.channel === 'push')!.sources.conversionRate;
    expect([sourceOf('few'), sourceOf('many')]).toEqual(['channel', 'segment']);
    const { alpha, beta } = model.cells.find(({ segment, channel }) => segment === 'many' && channel === 'push')!.conversionRate;
    expect(alpha / (alpha + beta)).toBeCloseTo(7 / 80, 2);
  });

  it('take many messages that led to nothing for what they are, where they determine no spread', () => {
    const silent: WorthHistory = { channel: 'push', segment: null, messages: 50, opens: 0, conversions: 0, leftAt: null, weight: 100 };
    const [cell] = fitWorthModel([silent], [], {}).cells;
    expect(cell!.sources).toEqual({ optOut: 'channel', openRate: 'channel', conversionRate: 'channel' });
    expect(cell!.conversionRate.alpha / (cell!.conversionRate.alpha + cell!.conversionRate.beta)).toBeCloseTo(1 / 5_050, 6);
    expect(cell!.optOut.alpha / (cell!.optOut.alpha + cell!.optOut.beta)).toBeCloseTo(1 / 5_200, 6);
  });
});
