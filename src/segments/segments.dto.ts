import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsBoolean, IsIn, IsNotEmpty, IsObject, IsOptional, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { MayBeAbsent, PageQuery } from '../platform/http/index.js';
import { IsInstant } from '../platform/time/index.js';

const RULE = {
  description: 'A tree of {all: [rule…]}, {any: [rule…]}, {not: rule} or one condition (attribute, event, message, score, segment, '
    + 'reachable); at most 8 levels and 50 conditions, 500 with those of the segments that it names.',
  type: 'object' as const, additionalProperties: true,
  example: { all: [{ event: 'purchase', within: 'P90D', aggregate: 'sum', op: 'gte', value: 100 }, { not: { attribute: 'plan', op: 'eq', value: 'staff' } }] },
};

export class CreateSegment {
  @ApiProperty({ pattern: '^[a-z0-9_-]{1,64}$' })
  @Matches(/^[a-z0-9_-]{1,64}$/, { message: 'key must be 1 to 64 of a-z, 0-9, _ and -' })
  key: string;

  @IsString() @Length(1, 200)
  name: string;

  @ApiPropertyOptional(RULE)
  @ValidateIf((body: CreateSegment) => body.static !== true || body.rule !== undefined) @IsObject({ message: 'rule must be an object, unless static is true' })
  rule?: Record<string, unknown>;

  @ApiProperty({ required: false, description: 'A list that is changed by hand instead of a rule.' })
  @MayBeAbsent() @IsBoolean()
  static?: boolean;
}

export class ChangeSegment {
  @ApiProperty({ required: false })
  @MayBeAbsent() @IsString() @Length(1, 200)
  name?: string;

  @ApiPropertyOptional(RULE)
  @MayBeAbsent() @IsObject()
  rule?: Record<string, unknown>;
}

export class PreviewSegment {
  @ApiProperty(RULE)
  @IsNotEmpty() @IsObject()
  rule: Record<string, unknown>;
}

export class ChangeMembers {
  @ApiProperty({ required: false, type: [String], description: 'At most 10,000 together with remove.' })
  @MayBeAbsent() @IsArray()
  add?: unknown[];

  @ApiProperty({ required: false, type: [String] })
  @MayBeAbsent() @IsArray()
  remove?: unknown[];
}

export class MembersQuery extends PageQuery {
  @ApiProperty({ required: false, enum: ['csv', 'ndjson'], description: 'Streams all members instead of a page.' })
  @IsOptional() @IsIn(['csv', 'ndjson'])
  format?: 'csv' | 'ndjson';
}

export class HistoryQuery {
  @ApiProperty({ required: false, format: 'date-time', description: 'Default: 30 days before to.' })
  @IsOptional() @IsInstant()
  from?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Exclusive; default: now. At most 366 days after from.' })
  @IsOptional() @IsInstant()
  to?: string;
}
