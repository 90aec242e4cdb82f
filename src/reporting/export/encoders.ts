import type { Column } from './columns.js';
import { csvRecord } from './csv.js';
import { ParquetEncoder } from './parquet.js';

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Turns rows into the bytes of a file, piece by piece. */
export interface Encoder<Row> {
  head(): Uint8Array | string;
  rows(rows: readonly Row[]): Uint8Array | string;
  tail(): Uint8Array | string;
}

export const CONTENT_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8', parquet: 'application/vnd.apache.parquet',
};

export function encoderFor<Row>(format: Format, columns: readonly Column<Row>[]): Encoder<Row> {
  switch (format) {
    case 'csv': return csv(columns);
    case 'ndjson': return ndjson(columns);
    case 'parquet': return new ParquetEncoder(columns);
  }
}

function csv<Row>(columns: readonly Column<Row>[]): Encoder<Row> {
  return {
    head: () => csvRecord(columns.map((column) => column.name)),
    rows: (rows) => rows.map((row) => csvRecord(columns.map((column) => column.of(row)))).join(''),
    tail: () => '',
  };
}

function ndjson<Row>(columns: readonly Column<Row>[]): Encoder<Row> {
  return {
    head: () => '',
    rows: (rows) => rows.map((row) => `${JSON.stringify(Object.fromEntries(columns.map((c) => [c.name, c.of(row)])))}\n`).join(''),
    tail: () => '',
  };
}
