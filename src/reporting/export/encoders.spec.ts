import { parquetReadObjects } from 'hyparquet';
import type { Column } from './columns.js';
import { encoderFor, type Format } from './encoders.js';

interface Row { id: string; at: Date | null; n: number | null; money: number; tags: string[] }
const columns: Column<Row>[] = [
  { name: 'id', type: 'text', of: (r) => r.id }, { name: 'at', type: 'time', of: (r) => r.at }, { name: 'n', type: 'integer', of: (r) => r.n },
  { name: 'money', type: 'number', of: (r) => r.money }, { name: 'tags', type: 'list', of: (r) => r.tags },
];
const rows: Row[] = Array.from({ length: 25_000 }, (_, i) => ({
  id: `é${i}`, at: i % 3 ? new Date(Date.UTC(2026, 2, 1, 0, 0, i)) : null, n: i % 2 ? i : null, money: i / 7, tags: ['a', 'b', 'c'].slice(0, i % 4),
}));

function encode(format: Format, given: Row[]): Buffer {
  const encoder = encoderFor(format, columns);
  const parts = [encoder.head()];
  for (let i = 0; i < given.length; i += 1_000) parts.push(encoder.rows(given.slice(i, i + 1_000)));
  parts.push(encoder.tail());
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}
const read = (bytes: Buffer) =>
  parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer });

describe('exports', () => {
  it('Parquet comes back from an independent reader, over several row groups', async () => {
    const back = await read(encode('parquet', rows));
    expect(back).toHaveLength(rows.length);
    for (const i of [0, 1, 2, 3, 9_999, 10_000, 24_999]) {
      expect(back[i]).toEqual(rows[i]);
    }
  });

  it('Parquet without a row, and with columns of nothing, is a file all the same', async () => {
    expect(await read(encode('parquet', []))).toEqual([]);
    const back = await read(encode('parquet', [{ id: 'x', at: null, n: null, money: 0, tags: [] }]));
    expect(back).toHaveLength(1);
    expect(back[0]).toMatchObject({ id: 'x', money: 0 });
  });

  it('NDJSON has a line for each row, CSV a header too', () => {
    const lines = encode('ndjson', rows.slice(0, 3)).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Row);
    expect(lines.map((line) => line.id)).toEqual(['é0', 'é1', 'é2']);
    expect(encode('csv', rows.slice(0, 2)).toString()).toBe('id,at,n,money,tags\r\né0,,,0,\r\né1,2026-03-01T00:00:01.000Z,1,0.14285714285714285,a\r\n');
  });
});
