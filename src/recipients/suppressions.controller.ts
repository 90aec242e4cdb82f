import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, Length, NotEquals, ValidateBy, ValidateNested, type ValidationOptions } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { invalid, invalidField } from '../platform/errors/index.js';
import { MayBeAbsent, PageQuery, decodeCursor, type Page } from '../platform/http/index.js';
import { ERASED } from './addresses.js';
import { isMailAddress } from './email.js';
import { Suppressions, type Suppression } from './suppressions.js';

const MAX_ENTRIES = 10_000;
const HASH = /^[0-9a-f]{64}$/;

const IsMailAddress = (options?: ValidationOptions): PropertyDecorator => ValidateBy({
  name: 'isMailAddress',
  validator: {
    validate: (value) => typeof value === 'string' && isMailAddress(value),
    defaultMessage: () => `${options?.each ? 'each value in ' : ''}$property must be a mail address`,
  },
}, options);

class AddSuppression {
  @IsMailAddress()
  email: string;

  @IsString() @Length(1, 200)
  @NotEquals(ERASED, { message: `reason ${ERASED} is given by an erasure only` })
  reason: string;
}

class ChangeSuppressions {
  @ApiProperty({ type: [AddSuppression], required: false })
  @MayBeAbsent() @IsArray() @ArrayMaxSize(MAX_ENTRIES) @IsObject({ each: true }) @ValidateNested({ each: true }) @Type(() => AddSuppression)
  add?: AddSuppression[];

  @ApiProperty({ type: [String], required: false })
  @MayBeAbsent() @IsArray() @ArrayMaxSize(MAX_ENTRIES) @IsMailAddress({ each: true })
  remove?: string[];
}

class SuppressionsQuery extends PageQuery {
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  email?: unknown;
}

@ApiTags('suppressions')
@Controller('v1/suppressions')
@Scopes('ingest')
export class SuppressionsController {
  constructor(private readonly suppressions: Suppressions) {}

  @Post()
  @HttpCode(200)
  @ApiOkResponse({ description: '{added, removed}: how many were not suppressed before, how many are not any more' })
  change(@Body() body: ChangeSuppressions): Promise<{ added: number; removed: number }> {
    if (body.add === undefined && body.remove === undefined) {
      throw invalid(['add', 'remove'].map((path) => ({ path, message: 'one of add and remove is required' })));
    }
    return this.suppressions.change(body.add ?? [], body.remove ?? []);
  }

  @Get()
  list(@Query() query: SuppressionsQuery): Promise<Page<Suppression>> {
    const { email } = query;
    if (email === undefined) return this.suppressions.list(hashOf(query.cursor), query.limit);
    if (typeof email !== 'string' || !isMailAddress(email.trim())) throw invalidField('email', 'must be a mail address');
    return this.suppressions.find(email);
  }
}

function hashOf(cursor: string | undefined): Buffer | null {
  const hex = decodeCursor(cursor);
  if (hex !== null && !HASH.test(hex)) throw invalidField('cursor', 'is not a cursor of this list');
  return hex === null ? null : Buffer.from(hex, 'hex');
}
