import fc from 'fast-check';
import { countsOf, OUTCOMES, winProbabilities, type Sums } from './results-shape.js';

const sums: Sums = {
  outcomes: [
    { variant: 0, outcome: 'sent', reason: null, count: '70', resent: '0' }, { variant: 1, outcome: 'sent', reason: null, count: '30', resent: '2' },
    { variant: 0, outcome: 'suppressed', reason: 'frequency_cap', count: '5', resent: '0' }, { variant: 1, outcome: 'suppressed', reason: 'frequency_cap', count: '2', resent: '0' },
    { variant: 0, outcome: 'suppressed', reason: 'no_device', count: '9', resent: '0' }, { variant: 0, outcome: 'held_out', reason: null, count: '11', resent: '0' },
  ],
  facts: [{ variant: 0, delivered: '60', opened: '14', clicked: '7', unsubscribed: '1' }, { variant: 1, delivered: '20', opened: '6', clicked: '3', unsubscribed: '0' }],
  conversions: [
    { variant: 0, currency: null, converted: '3', conversions: '4', revenue: '0', allCurrencies: true },
    { variant: 0, currency: 'EUR', converted: '3', conversions: '3', revenue: '0.1', allCurrencies: false },
    { variant: 0, currency: 'USD', converted: '1', conversions: '1', revenue: '7.5', allCurrencies: false },
    { variant: 1, currency: null, converted: '1', conversions: '1', revenue: '0', allCurrencies: true },
    { variant: 1, currency: 'EUR', converted: '1', conversions: '1', revenue: '0.2', allCurrencies: false },
  ],
};

describe('results', () => {
  it('are summed over variants, and a message that converted in two currencies is one', () => {
    expect(countsOf(sums, 'EUR', 0.01)).toMatchObject({
      audience: 127, sent: 100, resent: 2, holdout: 11, suppressed: [{ reason: 'no_device', count: 9 }, { reason: 'frequency_cap', count: 7 }],
      delivered: 80, opened: 20, converted: 4, conversions: 5, revenue: 0.3, revenueByCurrency: { EUR: 0.3, USD: 7.5 }, cost: 1,
      rates: { openRate: 0.2, clickRate: 0.1, conversionRate: 0.04, deliveryRate: 0.8, unsubscribeRate: 0.01, revenuePerMessage: 0.003 },
    });
    expect(countsOf(sums, 'EUR', 0.01, 1)).toMatchObject({ audience: 32, sent: 30, resent: 2, opened: 6, converted: 1, revenue: 0.2 });
  });

  it('balance whatever the rows are', () => {
    const row = fc.record({ variant: fc.nat({ max: 2 }), outcome: fc.constantFrom(...OUTCOMES), reason: fc.constantFrom('expired', 'no_email', null), count: fc.nat().map(String), resent: fc.constant('0') });
    fc.assert(fc.property(fc.array(row), (outcomes) => {
      const c = countsOf({ outcomes, facts: [], conversions: [] }, 'EUR', 0);
      expect(c.audience).toBe(c.holdout + c.queued + c.sending + c.sent + c.failed + c.unknown + c.deferred + c.suppressed.reduce((n, s) => n + s.count, 0));
    }));
  });

  it('of nothing are zeros and nulls', () => {
    expect(countsOf({ outcomes: [], facts: [], conversions: [] }, 'EUR', 1)).toMatchObject({ audience: 0, cost: 0, rates: { openRate: null, revenuePerMessage: null } });
    expect(winProbabilities([{ sent: 0, successes: 0 }, { sent: 0, successes: 0 }])).toEqual([null, null]);
  });

  it('give each variant its chance to be the best, the same for the same counts', () => {
    const [a, b] = winProbabilities([{ sent: 10, successes: 5 }, { sent: 10, successes: 3 }]);
    expect(a).toBeCloseTo(0.8065015, 6);
    expect(a! + b!).toBeCloseTo(1, 12);
    const three = [{ sent: 900, successes: 100 }, { sent: 900, successes: 90 }, { sent: 3, successes: 4 }];
    expect(winProbabilities(three)).toEqual(winProbabilities(three));
    expect(winProbabilities(three).reduce<number>((sum, p) => sum + p!, 0)).toBeCloseTo(1, 9);
  });
});
