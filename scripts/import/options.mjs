import { parseArgs } from 'node:util';
import { Told } from '../lib/run.mjs';

export const HELP = `npm run import -- FILE --type TYPE [FLAGS]

Loads a file over the REST API: uploads it as it is (CSV or NDJSON, plain or gzip) and shows the job's progress. Nothing that is
imported triggers a campaign. See docs/migrating.md.

  --type TYPE       users, events, transactions, segment-members or suppressions
  --format FORMAT   csv or ndjson (by the file's name)
  --columns MAP     csv: field=column,field=column; then only these columns are read
  --segment KEY     segment-members: the static segment
  --url URL         of the server (RAPPORT_URL, else http://localhost:3000)
  --key KEY         with scope ingest or admin (RAPPORT_KEY)
  --rejected FILE   write the refused rows (line, path, message) there
  --resume ID       no FILE: follow an import; a failed one goes on
  --help            this text

Exit code 0 if the file was taken and no row refused, 2 if some were, 1 for everything else.`;

const TYPES = ['users', 'events', 'transactions', 'segment-members', 'suppressions'];
const TEXT = { type: 'string' };
const FLAGS = {
  type: TEXT, format: TEXT, columns: TEXT, segment: TEXT, url: TEXT, key: TEXT, rejected: TEXT, resume: TEXT, help: { type: 'boolean', default: false },
};

/** @throws Told naming the flag that is wrong. */
export function readOptions(argv, env) {
  const { values, positionals } = parse(argv);
  if (values.help) return { help: true };
  const { type, segment, rejected, resume } = values;
  const shared = { help: false, url: urlOf(values.url ?? env.RAPPORT_URL ?? 'http://localhost:3000'), key: values.key ?? env.RAPPORT_KEY, rejected, resume };
  if (!shared.key) throw new Told('Give a key with --key or RAPPORT_KEY.');
  if (resume !== undefined) {
    if (positionals.length > 0) throw new Told('--resume takes no FILE: the server has it.');
    return shared;
  }
  if (positionals.length !== 1) throw new Told('Name one FILE. See npm run import -- --help.');
  if (!TYPES.includes(type)) throw new Told(`--type must be one of ${TYPES.join(', ')}.`);
  const [file] = positionals;
  return { ...shared, file, type, segment, format: formatOf(values.format, file), columns: columnsOf(values.columns) };
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new Told(`${error.message.split(/[.\n]/)[0]}. See npm run import -- --help.`);
  }
}

function urlOf(text) {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new Told('--url must be an http or https URL.');
  return text;
}

function formatOf(given, file) {
  const format = given ?? /\.(csv|ndjson|jsonl)(\.gz)?$/i.exec(file)?.[1]?.toLowerCase().replace('jsonl', 'ndjson');
  if (format !== 'csv' && format !== 'ndjson') throw new Told('--format must be csv or ndjson; the file’s name does not tell.');
  return format;
}

/** `user=customer_id,time=ordered at` → {user: 'customer_id', time: 'ordered at'} */
export function columnsOf(text) {
  if (text === undefined) return undefined;
  return Object.fromEntries(text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1 || at === pair.length - 1) throw new Told(`--columns must be field=column,field=column; ${pair} is not.`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1)];
  }));
}
