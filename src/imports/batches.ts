import { nestedTooDeep } from '../platform/http/index.js';
import { rowBuilder, type BuiltRow } from './columns.js';
import type { ImportRow } from './import-store.js';
import { csvCutter, cutLine } from './records/cutters.js';
import { RecordReader, type Piece } from './records/record-reader.js';

/** A row of the file: what it says, or why it says nothing. record counts from 1 and without the header. */
export type FileRow = { record: number; line: number } & BuiltRowOrOther;
type BuiltRowOrOther = { ok: true; row: unknown } | { ok: false; path?: string; message: string };

/** As many as a batch request may have. */
const MAX_ROWS = 1_000;
/** Characters; rows are rarely above 200, but a thousand of 1 MB must not stand in memory together. */
const MAX_TEXT = 4 * 1024 * 1024;
/** What the decoder puts for bytes that are no UTF-8. */
const BROKEN = '\uFFFD';

/**
 * The rows of a file in batches, without the first `skip` of them, which an earlier attempt has stored.
 * @throws ColumnsRefused where the header does not fit
 */
export async function* batches(text: AsyncIterable<string>, of: Pick<ImportRow, 'type' | 'format' | 'columns'>, skip: number): AsyncGenerator<FileRow[]> {
  const rows = of.format === 'csv' ? csvRows(of) : ndjsonRows();
  let batch: FileRow[] = [];
  let size = 0;
  let record = 0;
  const take = function* (pieces: Counted[]): Generator<FileRow[]> {
    for (const { line, length, row } of pieces) {
      record += 1;
      if (record <= skip) continue;
      batch.push({ record, line, ...row() });
      size += length;
      if (batch.length < MAX_ROWS && size < MAX_TEXT) continue;
      yield batch;
      [batch, size] = [[], 0];
    }
  };
  for await (const chunk of text) yield* take(rows.push(chunk));
  yield* take(rows.end());
  if (batch.length > 0) yield batch;
}

/** A row not yet looked into: the skipped ones need not be. */
interface Counted {
  line: number;
  length: number;
  row: () => BuiltRowOrOther;
}

interface Rows {
  push(chunk: string): Counted[];
  end(): Counted[];
}

function ndjsonRows(): Rows {
  const reader = new RecordReader(cutLine);
  const counted = (pieces: Piece<string>[]): Counted[] => pieces.map((piece) => ('fault' in piece
    ? faulty(piece) : { line: piece.line, length: piece.value.length, row: () => parseLine(piece.value) }));
  return { push: (chunk) => counted(reader.push(chunk)), end: () => counted(reader.end()) };
}

function csvRows({ type, columns }: Pick<ImportRow, 'type' | 'columns'>): Rows {
  const reader = new RecordReader(csvCutter());
  let build: ((cells: readonly string[]) => BuiltRow) | undefined;
  const counted = (pieces: Piece<string[]>[]): Counted[] => pieces.flatMap((piece) => {
    if ('fault' in piece) return faulty(piece);
    const cells = piece.value;
    if (!build) {
      build = rowBuilder(type, cells, columns);
      return [];
    }
    const made = build;
    const length = cells.reduce((sum, cell) => sum + cell.length, 0);
    return { line: piece.line, length, row: () => (cells.some((cell) => cell.includes(BROKEN)) ? NOT_UTF8 : made(cells)) };
  });
  return { push: (chunk) => counted(reader.push(chunk)), end: () => counted(reader.end()) };
}

const NOT_UTF8 = { ok: false, message: 'is not UTF-8' } as const;

function faulty({ line, fault }: { line: number; fault: string }): Counted {
  return { line, length: 0, row: () => ({ ok: false, message: fault }) };
}

function parseLine(text: string): BuiltRowOrOther {
  if (text.includes(BROKEN)) return NOT_UTF8;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return { ok: false, message: 'is not JSON' };
  }
  return nestedTooDeep(row) ? { ok: false, message: 'is nested too deep' } : { ok: true, row };
}
