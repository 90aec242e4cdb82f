import { parseArgs } from 'node:util';
import { Told } from '../lib/run.mjs';
import { parseInstant } from './instants.mjs';

export const HELP = `npm run demo [-- FLAGS]

Goes once round the loop on real components: loads a shop's users and events over the REST API, scores them, makes
segments, simulates and launches three campaigns, lets simulated phones and mail readers react, and prints the results.

Input (default: a simulated shop, a year of purchases drawn from BG/NBD and Gamma-Gamma)
  --users N               customers of the simulated shop, 200 to 1000000 (20000)
  --seed N                seed of the shop and of its people (1)
  --transactions FILE     a transaction log instead: CSV, with a header; .gz is read too
  --column-user NAME      its columns, where their names do not say it: whose,
  --column-time NAME      when (RFC 3339, or a date or time of UTC),
  --column-value NAME     for how much,
  --column-currency NAME  in which currency,
  --column-id NAME        and the transaction's own id (without one: the line's number)
  --currency CODE         currency of the amounts where no column says it (EUR)
  --as-of INSTANT         as of when the RFM table is printed (the end of the log's last day)

Otherwise
  --keep                  leave server and gateways up after the run, until Ctrl-C
  --port N                port of the server (a free one)
  --help                  this text

Exit code 0 only if every sum balanced and every check held.`;

const FLAGS = {
  users: { type: 'string', default: '20000' },
  seed: { type: 'string', default: '1' },
  transactions: { type: 'string' },
  'column-user': { type: 'string' },
  'column-time': { type: 'string' },
  'column-value': { type: 'string' },
  'column-currency': { type: 'string' },
  'column-id': { type: 'string' },
  currency: { type: 'string', default: 'EUR' },
  'as-of': { type: 'string' },
  keep: { type: 'boolean', default: false },
  port: { type: 'string' },
  help: { type: 'boolean', default: false },
};
const COLUMNS = ['user', 'time', 'value', 'currency', 'id'];

/** @throws Told naming the flag that is wrong. */
export function readOptions(argv) {
  const flags = parse(argv);
  if (flags.help) return { help: true };
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, flags[`column-${name}`]]).filter(([, column]) => column !== undefined));
  if (!flags.transactions && Object.keys(columns).length > 0) throw new Told('--column-… names columns of a file: give it with --transactions FILE.');
  if (!/^[A-Z]{3}$/.test(flags.currency)) throw new Told('--currency must be three capital letters of ISO 4217 such as EUR.');
  return {
    help: false,
    users: wholeNumber('users', flags.users, 200, 1_000_000),
    seed: wholeNumber('seed', flags.seed, 0, 2 ** 31 - 1),
    transactions: flags.transactions,
    columns,
    currency: flags.currency,
    asOf: flags['as-of'] === undefined ? undefined : instant(flags['as-of']),
    keep: flags.keep,
    port: flags.port === undefined ? undefined : wholeNumber('port', flags.port, 1, 65_535),
  };
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    throw new Told(`${error.message.split(/[.\n]/)[0]}. See npm run demo -- --help.`);
  }
}

function wholeNumber(name, text, min, max) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw new Told(`--${name} must be a whole number from ${min} to ${max}.`);
  return value;
}

function instant(text) {
  const ms = parseInstant(text);
  if (ms === undefined) throw new Told('--as-of must be a time such as 1998-06-30T23:59:59Z.');
  return new Date(ms);
}
