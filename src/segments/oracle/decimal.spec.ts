import { add, compare, decimal } from './decimal.js';

it('decimals add and compare without rounding', () => {
  expect(compare(add(decimal('0.1'), decimal(0.2)), decimal(0.3))).toBe(0);
  expect(compare(decimal(1e21), decimal('1000000000000000000000'))).toBe(0);
  expect(compare(decimal(-1e-7), decimal('-0.0000001'))).toBe(0);
  expect(compare(decimal('2.50'), decimal(2.5))).toBe(0);
  expect(compare(decimal(-1), decimal(-2))).toBeGreaterThan(0);
  expect(() => decimal('NaN')).toThrow(RangeError);
});
