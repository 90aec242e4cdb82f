import { Told } from '../lib/run.mjs';

/** Names that logs give their columns, in the order in which they are believed; case, blanks and _ do not count. */
const NAMES = {
  user: ['userid', 'customerid', 'clientid', 'memberid', 'sampleid', 'masterid', 'user', 'customer', 'client', 'member', 'cid', 'uid'],
  time: ['occurredat', 'timestamp', 'datetime', 'invoicedate', 'orderdate', 'purchasedate', 'transactiondate', 'createdat', 'date', 'time', 'ts'],
  value: ['value', 'amount', 'total', 'revenue', 'price', 'spend', 'sales', 'sum', 'monetary'],
  currency: ['currency', 'currencycode'],
  id: ['eventid', 'transactionid', 'orderid', 'invoiceid', 'invoiceno', 'invoice', 'orderno'],
};
const REQUIRED = ['user', 'time'];

const plain = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/**
 * Which column holds what.
 * @param {string[]} header names in the file
 * @param {Record<string, string>} given columns named by flags
 * @returns {Record<string, string>} by role; a role without a column is absent
 * @throws Told for a column that is not there, and for a role that must have one
 */
export function mapColumns(header, given) {
  const mapped = {};
  for (const [role, names] of Object.entries(NAMES)) {
    const column = given[role] ?? names.map((name) => header.find((column) => plain(column) === name)).find(Boolean);
    if (column !== undefined && !header.includes(column)) {
      throw new Told(`--column-${role}: the file has no column "${column}"; it has ${header.join(', ')}.`);
    }
    if (column === undefined && REQUIRED.includes(role)) {
      throw new Told(`Which column is the ${role}? Say it with --column-${role} NAME; the file has ${header.join(', ')}.`);
    }
    if (column !== undefined) mapped[role] = column;
  }
  return mapped;
}

/** The separator of a file, by its first line: whichever of , ; and tab is there most, outside quotes. */
export function separatorOf(firstLine) {
  const bare = firstLine.replace(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((separator) => [separator, bare.split(separator).length]);
  return counts.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
