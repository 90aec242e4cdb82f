import { count } from './bars.mjs';
import { startOfDay } from './instants.mjs';
import { customersOf, SHOP, simulateShop } from './shop.mjs';
import { readTransactions } from './transactions.mjs';

const SHOWN_BAD = 5;

/**
 * The customers and their purchases, from a file or simulated, and what to say about them.
 * @returns {Promise<{customers: import('./shop.mjs').Customer[], currency: string, lines: string[]}>}
 */
export async function readInput(options, now, math) {
  return options.transactions ? fromFile(options, now) : simulated(options, now, math);
}

function simulated({ users, seed, currency }, now, math) {
  const customers = simulateShop({ users, seed, end: startOfDay(now), currency }, math);
  const { r, alpha, a, b } = SHOP.purchases;
  const { p, q, v } = SHOP.spend;
  return {
    customers,
    currency,
    lines: [
      `  SIMULATED: a shop of ${count(users)} users and ${count(purchasesOf(customers))} purchases in a year, drawn with seed ${seed}`,
      `  from BG/NBD (r ${r}, alpha ${alpha}, a ${a}, b ${b}, in weeks) and Gamma-Gamma (p ${p}, q ${q}, v ${v}); nobody of them exists.`,
    ],
  };
}

async function fromFile({ transactions: file, columns, currency }, now) {
  const { transactions, columns: used, bad } = await readTransactions({ file, columns, currency, latest: now });
  const customers = customersOf(transactions);
  const roles = Object.entries(used).map(([role, column]) => `${role} = ${column}`).join(', ');
  const lines = [`  ${file}: ${count(transactions.length)} transactions of ${count(customers.length)} users (${roles})`];
  if (bad.length > 0) lines.push(`  ${count(bad.length)} lines were skipped:`);
  for (const { line, message } of bad.slice(0, SHOWN_BAD)) lines.push(`    line ${line}: ${message}`);
  if (bad.length > SHOWN_BAD) lines.push(`    … and ${count(bad.length - SHOWN_BAD)} more`);
  return { customers, currency: commonCurrency(transactions) ?? currency, lines };
}

/** The settings know one currency: the one of most transactions. */
function commonCurrency(transactions) {
  const counts = new Map();
  for (const { currency } of transactions) if (currency) counts.set(currency, (counts.get(currency) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function purchasesOf(customers) {
  return customers.reduce((sum, { purchases }) => sum + purchases.length, 0);
}
