import { DAY_MS } from './instants.mjs';

/**
 * How a simulated shop's customers buy. Rates in weeks; these are the published maximum-likelihood values of the CDNOW cohort
 * (Fader, Hardie & Lee 2005, Marketing Science 24(2), table 2) and of its spend (Fader & Hardie 2013, Gamma-Gamma note).
 */
export const SHOP = {
  purchases: { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 },
  spend: { p: 6.25, q: 3.74, v: 15.44 },
  /** Signed up and never bought. */
  neverBought: 0.08,
  weeks: 52,
};
const WEEK_MS = 7 * DAY_MS;

/**
 * @typedef {{userId: string, createdAt: number, purchases: Array<{eventId: string, at: number, value: number, currency: string}>}} Customer
 */

/**
 * A shop's customers and a year of their purchases: the first at a random moment of the year, repeats by BG/NBD, amounts by
 * Gamma-Gamma. The same seed gives the same shop, moved to its end.
 * @param {{users: number, seed: number, end: number, currency: string}} input `end`: no purchase lies at or after it (ms)
 * @param {object} math samplers of src/scoring/math
 * @returns {Customer[]}
 */
export function simulateShop({ users, seed, end, currency }, math) {
  const uniform = math.seededUniform(seed);
  const begin = end - SHOP.weeks * WEEK_MS;
  return Array.from({ length: users }, (_, index) => {
    const userId = `u-${String(index + 1).padStart(6, '0')}`;
    const createdAt = Math.floor(begin + uniform() * (end - begin));
    if (uniform() < SHOP.neverBought) return { userId, createdAt, purchases: [] };
    const times = [createdAt, ...repeats(createdAt, end, uniform, math)];
    const scale = math.sampleGamma(uniform, SHOP.spend.q, SHOP.spend.v);
    const purchases = times.map((at, n) => ({ eventId: `${userId}-${n + 1}`, at, value: amount(uniform, scale, math), currency }));
    return { userId, createdAt, purchases };
  });
}

/** Times of the purchases after the first, until the customer drops out or the year ends. */
function repeats(first, end, uniform, math) {
  const { r, alpha, a, b } = SHOP.purchases;
  const rate = math.sampleGamma(uniform, r, alpha);
  const dropOut = math.sampleBeta(uniform, a, b);
  const times = [];
  for (let at = first; ; ) {
    at += math.sampleExponential(uniform, rate) * WEEK_MS;
    if (!(at < end)) return times;
    times.push(Math.floor(at));
    if (uniform() < dropOut) return times;
  }
}

function amount(uniform, scale, math) {
  return Math.max(0.01, Math.round(math.sampleGamma(uniform, SHOP.spend.p, scale) * 100) / 100);
}

/**
 * The customers of a transaction log, in the order of their first line; known since their first purchase.
 * @param {import('./transactions.mjs').Transaction[]} transactions
 * @returns {Customer[]}
 */
export function customersOf(transactions) {
  const customers = new Map();
  for (const { userId, eventId, at, value, currency, line } of transactions) {
    let customer = customers.get(userId);
    if (!customer) customers.set(userId, (customer = { userId, createdAt: at, purchases: [] }));
    customer.createdAt = Math.min(customer.createdAt, at);
    customer.purchases.push({ eventId, at, value, currency, line });
  }
  return [...customers.values()];
}
