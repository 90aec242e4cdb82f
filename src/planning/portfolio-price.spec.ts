import fc from 'fast-check';
import { portfolioPrice, type AskedMessages } from './portfolio-price.js';

const worth = fc.double({ min: 0.001, max: 100, noNaN: true });
const messages = fc.array(fc.record({ netWorth: fc.oneof(worth, fc.constantFrom(1, 2, 3)), messages: fc.integer({ min: 1, max: 5 }) }), { maxLength: 40 });
const sum = (list: readonly AskedMessages[], of: (message: AskedMessages) => number): number => list.reduce((total, message) => total + of(message), 0);

/** Expected value and number of what the price lets through. */
function sent(asked: readonly AskedMessages[], room: number): { value: number; count: number } {
  const { price, tieShare } = portfolioPrice(asked, room);
  const share = ({ netWorth }: AskedMessages): number => (netWorth > price ? 1 : netWorth === price && price > 0 ? tieShare : 0);
  return { value: sum(asked, (m) => share(m) * m.messages * m.netWorth), count: sum(asked, (m) => share(m) * m.messages) };
}

describe('the price of a budget', () => {
  it('is 0 while there is room for everything that is worth something', () => {
    expect(portfolioPrice([{ netWorth: 3, messages: 2 }, { netWorth: 1, messages: 1 }], 3)).toEqual({ price: 0, tieShare: 0 });
  });

  it('is the worth at which the budget ends, with a share of those who are worth just that', () => {
    const asked = [{ netWorth: 5, messages: 1 }, { netWorth: 2, messages: 4 }, { netWorth: 1, messages: 9 }];
    expect(portfolioPrice(asked, 3)).toEqual({ price: 2, tieShare: 0.5 });
    expect(portfolioPrice(asked, 0)).toEqual({ price: 5, tieShare: 0 });
  });

  it('lets through exactly the budget, or everything', () => {
    fc.assert(fc.property(messages, fc.integer({ min: 0, max: 120 }), (asked, room) => {
      expect(sent(asked, room).count).toBeCloseTo(Math.min(room, sum(asked, (m) => m.messages)), 9);
    }));
  });

  it('takes the best of them: no choice of as many is worth more (linear programme by sorting single messages)', () => {
    fc.assert(fc.property(messages, fc.integer({ min: 0, max: 120 }), (asked, room) => {
      const single = asked.flatMap((m) => Array.from({ length: m.messages }, () => m.netWorth)).sort((a, b) => b - a);
      expect(sent(asked, room).value).toBeCloseTo(single.slice(0, room).reduce((a, b) => a + b, 0), 6);
    }));
  });

  it('never falls when the budget does, and a larger budget is never worth less', () => {
    fc.assert(fc.property(messages, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (asked, room, more) => {
      expect(portfolioPrice(asked, room).price).toBeGreaterThanOrEqual(portfolioPrice(asked, room + more).price);
      expect(sent(asked, room + more).value).toBeGreaterThanOrEqual(sent(asked, room).value - 1e-9);
    }));
  });
});
