import { RATES } from './behaviour.mjs';
import { loadEvents } from './load.mjs';

/**
 * Draws who buys: everybody at the base rate, whether contacted or not, and the people whom a message moved.
 * @param {import('./shop.mjs').Customer[]} customers
 * @param {Map<string, Set<string>>} moved campaign id → users who buy because of it
 * @param {{uniform: () => number, currency: string, mean: number, now: () => Date}} given `mean`: price for somebody who never bought
 * @returns {{events: object[], buyers: Set<string>, anyway: number}}
 */
export function drawPurchases(customers, moved, { uniform, currency, mean, now }) {
  const persuaded = new Map();
  for (const users of moved.values()) for (const user of users) persuaded.set(user, (persuaded.get(user) ?? 0) + 1);
  const events = [];
  const buyers = new Set();
  let anyway = 0;
  for (const customer of customers) {
    const own = uniform() < RATES.boughtAnyway ? 1 : 0;
    const times = own + (persuaded.get(customer.userId) ?? 0);
    anyway += own;
    for (let n = 1; n <= times; n++) {
      const value = priceFor(customer, uniform, mean);
      events.push({ eventId: `demo-${customer.userId}-${n}`.slice(0, 255), userId: customer.userId, name: 'purchase', occurredAt: now().toISOString(), value, currency });
      buyers.add(customer.userId);
    }
  }
  return { events, buyers, anyway };
}

/** What one of their earlier purchases cost. */
function priceFor({ purchases }, uniform, mean) {
  const earlier = purchases[Math.floor(uniform() * purchases.length)]?.value;
  return earlier !== undefined && earlier > 0 ? earlier : Math.max(1, Math.round(mean * 100) / 100);
}

export async function buy(ingest, events, advance) {
  return loadEvents(ingest, events, advance);
}
