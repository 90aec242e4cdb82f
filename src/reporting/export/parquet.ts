import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, ColumnType } from './columns.js';

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

// A row group is held in memory until it is encoded; readers skip by group.
const GROUP_ROWS = 10_000;

/** Parquet, a row group at a time: what has been encoded leaves at once, only the footer's offsets stay. */
export class ParquetEncoder<Row> {
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private pending: Row[] = [];

  constructor(private readonly columns: readonly Column<Row>[]) {
    const schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ name, type }) => elements(name, type))] as SchemaElement[];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: 'rapport' });
  }

  head(): Uint8Array {
    return this.take();
  }

  rows(rows: readonly Row[]): Uint8Array {
    this.pending.push(...rows);
    if (this.pending.length >= GROUP_ROWS) this.writeGroup();
    return this.take();
  }

  tail(): Uint8Array {
    if (this.pending.length > 0) this.writeGroup();
    void this.writer.finish();
    return this.take();
  }

  private writeGroup(): void {
    const columnData = this.columns.map(({ name, type, of }) => ({ name, data: this.pending.map((row) => value(of(row), type)) }));
    // Synchronous as long as the writer has no flush of its own.
    void this.writer.write({ columnData, rowGroupSize: this.pending.length });
    this.pending = [];
  }

  /** What was written since the last time; offsets in the footer go on counting all of it. */
  private take(): Uint8Array {
    const bytes = this.bytes.getBytes().slice();
    this.bytes.index = 0;
    return bytes;
  }
}

function value(cell: unknown, type: ColumnType): unknown {
  return cell === null || cell === undefined ? undefined : type === 'list' ? [...(cell as readonly string[])] : cell;
}

/** Everything is optional: a row that was never sent has few times. */
function elements(name: string, type: ColumnType): object[] {
  const optional = { name, repetition_type: 'OPTIONAL' };
  switch (type) {
    case 'text': return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'time': return [{ ...optional, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }];
    case 'integer': return [{ ...optional, type: 'INT32' }];
    case 'number': return [{ ...optional, type: 'DOUBLE' }];
    case 'list': return [
      { ...optional, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ];
  }
}
