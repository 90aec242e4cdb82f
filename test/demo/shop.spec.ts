import * as math from '../../src/scoring/math/index.js';
import { demoModule } from './demo-module.js';

interface Customer { userId: string; createdAt: number; purchases: { eventId: string; at: number; value: number; currency: string }[] }
interface Person { userId: string; email?: string; timezone?: string; devices: { token: string; permission: string; lastSeenAt: string }[]; attributes: Record<string, unknown> }

const { simulateShop, customersOf, SHOP } = await demoModule<{
  simulateShop(input: { users: number; seed: number; end: number; currency: string }, samplers: typeof math): Customer[];
  customersOf(transactions: object[]): Customer[];
  SHOP: { spend: { p: number; q: number; v: number }; neverBought: number; weeks: number };
}>('shop');
const { makePeople, PEOPLE } = await demoModule<{
  makePeople(customers: Customer[], input: { seed: number; now: number }, samplers: typeof math): { people: Person[]; suppressed: string[] };
  PEOPLE: Record<string, number>;
}>('people');

const END = Date.parse('2026-11-22T00:00:00Z');
const YEAR_MS = SHOP.weeks * 7 * 86_400_000;
const shop = (users: number, seed: number, end = END): Customer[] => simulateShop({ users, seed, end, currency: 'EUR' }, math);
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the simulated shop', () => {
  const customers = shop(20_000, 1);
  const buyers = customers.filter(({ purchases }) => purchases.length > 0);

  it('is the same for the same seed, another for another, and the same a day later but for the day', () => {
    expect(shop(500, 1)).toEqual(customers.slice(0, 500));
    expect(shop(500, 2)).not.toEqual(customers.slice(0, 500));
    const later = shop(500, 1, END + 86_400_000);
    expect(later.map(({ purchases }) => purchases.map(({ value }) => value))).toEqual(customers.slice(0, 500).map(({ purchases }) => purchases.map(({ value }) => value)));
  });

  it('lies within its year, its ids unique', () => {
    const purchases = customers.flatMap((customer) => customer.purchases);
    expect(purchases.every(({ at }) => at >= END - YEAR_MS && at < END)).toBe(true);
    expect(new Set(purchases.map(({ eventId }) => eventId)).size).toBe(purchases.length);
  });

  it('has as many who never bought as stated, and as much repeat buying as BG/NBD expects', () => {
    expect(1 - buyers.length / customers.length).toBeCloseTo(SHOP.neverBought, 2);
    // E[X(t)] of Fader, Hardie & Lee 2005, eq. (9), averaged over first purchases spread evenly over the year.
    const { r, alpha, a, b } = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    const expected = (t: number): number =>
      ((a + b - 1) / (a - 1)) * (1 - Math.pow(alpha / (alpha + t), r) * math.hypergeometric2F1(r, b, a + b - 1, t / (alpha + t)));
    const overTheYear = mean(Array.from({ length: 520 }, (_, i) => expected((i + 0.5) / 10)));
    // Standard error of the mean over 18,400 buyers with a variance of about 3 is 0.013; four of them.
    expect(Math.abs(mean(buyers.map(({ purchases }) => purchases.length - 1)) - overTheYear)).toBeLessThan(0.06);
  });

  it('spends on average what Gamma-Gamma expects', () => {
    const { p, q, v } = SHOP.spend;
    const spend = mean(buyers.map(({ purchases }) => mean(purchases.map(({ value }) => value))));
    expect(Math.abs(spend / ((p * v) / (q - 1)) - 1)).toBeLessThan(0.04);
  });
});

describe('the people of the shop', () => {
  const customers = shop(20_000, 1);
  const { people, suppressed } = makePeople(customers, { seed: 1, now: END }, math);
  const share = (holds: (person: Person) => boolean): number => people.filter(holds).length / people.length;

  it('are the same for the same seed', () => {
    expect(makePeople(customers.slice(0, 300), { seed: 1, now: END }, math).people).toEqual(people.slice(0, 300));
  });

  it('have addresses, devices and faults at the stated rates', () => {
    expect(share(({ email }) => email !== undefined)).toBeCloseTo(PEOPLE.email!, 1);
    expect(share(({ devices }) => devices.length > 0)).toBeCloseTo(PEOPLE.device!, 1);
    expect(share(({ attributes }) => attributes.staff === true)).toBeCloseTo(PEOPLE.staff!, 2);
    const devices = people.flatMap((person) => person.devices);
    expect(devices.filter(({ permission }) => permission === 'denied').length / devices.length).toBeCloseTo(PEOPLE.denied!, 1);
    expect(new Set(devices.map(({ token }) => token)).size).toBe(devices.length);
    const addresses = people.flatMap(({ email }) => email ?? []);
    expect(addresses.length - new Set(addresses).size).toBeGreaterThan(20);
    expect(suppressed.length).toBeGreaterThan(20);
  });

  it('have no device within a week of becoming stale, so that a simulation and its launch agree', () => {
    const ages = people.flatMap(({ devices }) => devices.map(({ lastSeenAt }) => (END - Date.parse(lastSeenAt)) / 86_400_000));
    expect(ages.filter((days) => days > 23 && days < 37)).toEqual([]);
  });
});

describe('customers of a log', () => {
  it('are known since their first purchase, in whatever order the lines stand', () => {
    const log = [{ userId: 'b', at: 5, eventId: 'line-2' }, { userId: 'a', at: 9, eventId: 'line-3' }, { userId: 'b', at: 2, eventId: 'line-4' }];
    expect(customersOf(log).map(({ userId, createdAt, purchases }) => [userId, createdAt, purchases.length])).toEqual([['b', 2, 2], ['a', 9, 1]]);
  });
});
