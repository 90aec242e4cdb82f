import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { demoModule } from './demo-module.js';

interface Transaction { eventId: string; userId: string; at: number; value?: number; currency?: string; line: number }
interface Read { transactions: Transaction[]; columns: Record<string, string>; bad: { line: number; message: string }[] }
type Columns = Record<string, string>;

const { readTransactions } = await demoModule<{
  readTransactions(input: { file: string; columns: Columns; currency: string; latest: number }): Promise<Read>;
}>('transactions');
const { mapColumns, separatorOf } = await demoModule<{ mapColumns(header: string[], given: Columns): Columns; separatorOf(line: string): string }>('columns');
const { parseInstant } = await demoModule<{ parseInstant(text: string): number | undefined }>('instants');

const LATEST = Date.parse('2026-01-01T00:00:00Z');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string | Buffer, columns: Columns = {}, name = 'log.csv'): Promise<Read> {
  const file = join(folder, name);
  writeFileSync(file, content);
  return readTransactions({ file, columns, currency: 'EUR', latest: LATEST });
}

describe('a transaction log as CSV', () => {
  it('finds the columns by their usual names, reads quotes, commas and line breaks in them, and a byte order mark', async () => {
    const { transactions, columns } = await read('\uFEFF"Customer ID",note,Order Date,Amount\r\n"a, ""b""","two\r\nlines",1998-06-30,12.50\r\nc,,1998-07-01T10:00:00+02:00,-3\r\n');
    expect(columns).toEqual({ user: 'Customer ID', time: 'Order Date', value: 'Amount' });
    expect(transactions.map(({ userId, at, value, currency }) => [userId, new Date(at).toISOString(), value, currency])).toEqual([
      ['a, "b"', '1998-06-30T00:00:00.000Z', 12.5, 'EUR'],
      ['c', '1998-07-01T08:00:00.000Z', -3, 'EUR'],
    ]);
  });

  it('takes the columns that flags name, and says which is missing', async () => {
    const { transactions } = await read('master_id,sample_id,date,cds,amount\n4,1,1997-01-01,2,29.33\n', { user: 'sample_id', time: 'date', value: 'amount' });
    expect(transactions[0]).toMatchObject({ userId: '1', value: 29.33 });
    expect(() => mapColumns(['a', 'date'], {})).toThrow('Which column is the user? Say it with --column-user NAME; the file has a, date.');
    expect(() => mapColumns(['user', 'date'], { value: 'euro' })).toThrow('--column-value: the file has no column "euro"');
  });

  it('keeps two purchases of one user on one day apart, by line or by their own id', async () => {
    const text = 'user,date,value,order_id\nu,1998-01-01,5,\nu,1998-01-01,5,\nu,1998-01-01,5,o-9\n';
    const { transactions } = await read(text);
    expect(transactions.map(({ eventId }) => eventId)).toEqual(['line-2', 'line-3', 'o-9']);
  });

  it('reports bad lines by number and loses only them', async () => {
    const text = 'user,date,value\nu,1998-01-01,1\n,1998-01-01,1\nu,1998-02-30,1\nu,1998-01-01,one\nu,2026-02-01,1\nu,1998-01-01,1,2,3\nu,1998-01-02,\n';
    const { transactions, bad } = await read(text);
    expect(transactions.map(({ line, value }) => [line, value])).toEqual([[2, 1], [8, undefined]]);
    expect(bad.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
    expect(bad.map(({ message }) => message)).toEqual([
      'user must be a text of 1 to 255 characters', 'date is no time: "1998-02-30"', 'value is no number: "one"',
      'date lies in the future: 2026-02-01', expect.stringContaining('Invalid Record Length'),
    ]);
  });

  it('reads .gz, and semicolons and tabs', async () => {
    const packed = await read(gzipSync('user;date;value;currency\nu;1998-01-01;5;USD\n'), {}, 'log.csv.gz');
    expect(packed.transactions[0]).toMatchObject({ value: 5, currency: 'USD' });
    expect([separatorOf('a,b;c,d'), separatorOf('"a,b,c";d;e'), separatorOf('a\tb')]).toEqual([',', ';', '\t']);
  });

  it('says in one line that a file is missing, broken or empty', async () => {
    const missing = readTransactions({ file: join(folder, 'none.csv'), columns: {}, currency: 'EUR', latest: LATEST });
    await expect(missing).rejects.toThrow(/none\.csv could not be opened: there is no such file\.$/);
    await expect(read(gzipSync('user,date\nu,1998-01-01\n').subarray(0, 20), {}, 'cut.csv.gz')).rejects.toThrow(/cut\.csv\.gz could not be read/);
    await expect(read('user,date\n')).rejects.toThrow('has no transaction that could be read');
  });
});

describe('a time in a log', () => {
  it.each([
    ['1998-06-30', '1998-06-30T00:00:00.000Z'], ['19980630', '1998-06-30T00:00:00.000Z'], ['1998-06-30 23:59', '1998-06-30T23:59:00.000Z'],
    ['1998-06-30T23:59:59.5Z', '1998-06-30T23:59:59.500Z'], ['1998-06-30T23:30:00-0130', '1998-07-01T01:00:00.000Z'],
  ])('%s is %s: without a zone it is UTC', (text, expected) => {
    expect(new Date(parseInstant(text)!).toISOString()).toBe(expected);
  });

  it.each(['', 'yesterday', '1998-02-30', '1998-13-01', '1998-06-30T24:00:00Z', '30.06.1998', '1998-06-30T10:00:00 CET'])('%s is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
