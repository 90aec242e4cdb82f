import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { Told } from '../lib/run.mjs';
import { mapColumns, separatorOf } from './columns.mjs';
import { parseInstant } from './instants.mjs';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i;
const MAX_ID = 255;

/**
 * @typedef {{eventId: string, userId: string, at: number, value?: number, currency?: string, line: number}} Transaction
 */

/**
 * Reads one record of the file.
 * @param {Record<string, string>} record by column name
 * @param {Record<string, string>} columns by role (see `mapColumns`)
 * @param {{line: number, currency: string, latest: number}} context `latest`: no purchase can lie after it
 * @returns {Transaction | string} the transaction, or what is wrong with it
 */
export function readTransaction(record, columns, { line, currency, latest }) {
  const cell = (role) => (columns[role] === undefined ? '' : (record[columns[role]] ?? '').trim());
  const userId = cell('user');
  if (userId === '' || userId.length > MAX_ID || userId.includes('\0')) return `${columns.user} must be a text of 1 to ${MAX_ID} characters`;
  const at = parseInstant(cell('time'));
  if (at === undefined) return `${columns.time} is no time: ${JSON.stringify(cell('time'))}`;
  if (at > latest) return `${columns.time} lies in the future: ${cell('time')}`;
  const amount = cell('value');
  if (amount !== '' && !(NUMBER.test(amount) && Math.abs(Number(amount)) < 1e15)) return `${columns.value} is no number: ${JSON.stringify(amount)}`;
  const own = cell('currency');
  if (own !== '' && !/^[A-Z]{3}$/.test(own)) return `${columns.currency} is no currency of ISO 4217: ${JSON.stringify(own)}`;
  const id = cell('id');
  if (id.length > MAX_ID) return `${columns.id} is longer than ${MAX_ID} characters`;
  const money = amount === '' ? {} : { value: Number(amount), currency: own || currency };
  // The line number tells two purchases of one user on one day apart, and is the same at the next run.
  return { eventId: id || `line-${line}`, userId, at, ...money, line };
}

/**
 * Reads a transaction log.
 * @param {{file: string, columns: Record<string, string>, currency: string, latest: number}} input
 * @returns {Promise<{transactions: Transaction[], columns: Record<string, string>, bad: Array<{line: number, message: string}>}>}
 * @throws Told when the file cannot be read or has no header that fits
 */
export async function readTransactions({ file, columns: given, currency, latest }) {
  const transactions = [];
  const bad = [];
  let columns;
  const onSkip = (error) => bad.push({ line: error.lines ?? 0, message: error.message.split('\n')[0] });
  const { parser, source } = await openCsv(file, onSkip);
  try {
    for await (const { record, info } of parser) {
      columns ??= mapColumns(Object.keys(record), given);
      const read = readTransaction(record, columns, { line: info.lines, currency, latest });
      if (typeof read === 'string') bad.push({ line: info.lines, message: read });
      else transactions.push(read);
    }
  } catch (error) {
    if (error instanceof Told) throw error;
    throw new Told(`${file} could not be read: ${error.message}`);
  } finally {
    source.destroy();
  }
  if (transactions.length === 0) throw new Told(`${file} has no transaction that could be read${bad[0] ? ` (line ${bad[0].line}: ${bad[0].message})` : ''}.`);
  // The parser tells of a line it cannot read before we have read those above.
  return { transactions, columns, bad: bad.sort((a, b) => a.line - b.line) };
}

async function openCsv(file, onSkip) {
  const delimiter = separatorOf(await firstLine(file));
  const source = open(file);
  const parser = parse({
    columns: (header) => header.map((name) => name.trim()), bom: true, delimiter, info: true, skip_empty_lines: true, trim: false,
    skip_records_with_error: true, on_skip: onSkip,
  });
  // pipe() passes no error on: a broken file would end as an empty one.
  source.on('error', (error) => parser.destroy(error));
  return { parser: source.pipe(parser), source };
}

function open(file) {
  const raw = createReadStream(file);
  if (!file.endsWith('.gz')) return raw;
  const unpacked = createGunzip();
  raw.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => raw.destroy());
  return raw.pipe(unpacked);
}

async function firstLine(file) {
  let text = '';
  try {
    // Leaving the loop closes the file.
    for await (const chunk of open(file)) {
      text += chunk.toString('utf8');
      if (text.includes('\n') || text.length > 65_536) break;
    }
  } catch (error) {
    throw new Told(error.code === 'ENOENT' ? `${file} could not be opened: there is no such file.` : `${file} could not be read: ${error.message}.`);
  }
  return text.split('\n')[0] ?? '';
}
