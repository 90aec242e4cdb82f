import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsObject } from 'class-validator';
import { IsKey, MayBeAbsent } from '../platform/http/index.js';
import { IMPORT_FORMATS, IMPORT_TYPES, type ImportFormat, type ImportType } from './import-type.js';

export class NewImport {
  @ApiProperty({ enum: IMPORT_TYPES, description: 'transactions: purchases with user, time, value, currency? and id?, stored as events of the settings’ purchaseEvent' })
  @IsIn(IMPORT_TYPES)
  type: ImportType;

  @ApiProperty({ enum: IMPORT_FORMATS, description: 'csv: with a header; comma, semicolon or tab. ndjson: one JSON object a line, as a row of the batch route' })
  @IsIn(IMPORT_FORMATS)
  format: ImportFormat;

  @ApiPropertyOptional({
    type: 'object', additionalProperties: { type: 'string' }, example: { user: 'customer_id', time: 'ordered_at', value: 'total' },
    description: 'csv only: field → column of the file; then only these columns are read. Without it every column must be a field. Objects have a column a key: attributes.plan, attributes.age:number (or :boolean, :json)',
  })
  @MayBeAbsent() @IsObject()
  columns?: Record<string, unknown>;

  @ApiProperty({ type: String, required: false, description: 'segment-members: key of the static segment' })
  @MayBeAbsent() @IsKey()
  segment?: string;
}

export class ImportView {
  @ApiProperty({ description: 'also the id of its job' })
  id: string;
  @ApiProperty()
  jobId: string;
  @ApiProperty({ enum: IMPORT_TYPES })
  type: ImportType;
  @ApiProperty({ enum: IMPORT_FORMATS })
  format: ImportFormat;
  @ApiProperty({ enum: ['waiting', 'queued', 'running', 'done', 'failed'], description: 'waiting: for its file' })
  status: 'waiting' | 'queued' | 'running' | 'done' | 'failed';
  @ApiProperty({ minimum: 0, maximum: 1 })
  progress: number;
  @ApiProperty({ description: 'rows that had an effect' })
  accepted: number;
  @ApiProperty({ description: 'good rows that were there before: events by their id, members, suppressed addresses' })
  duplicates: number;
  @ApiProperty({ description: 'rows listed under /rejected' })
  rejected: number;
  @ApiProperty({ required: false })
  segment?: string;
  @ApiProperty({ required: false, description: 'why it failed' })
  error?: string;
  @ApiProperty()
  createdAt: Date;
  @ApiProperty({ required: false })
  uploadedAt?: Date;
}
