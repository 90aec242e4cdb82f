import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import {
  ArrayMaxSize, ArrayNotEmpty, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsPositive, IsString, Length, Matches, Max, Min,
  ValidateIf,
} from 'class-validator';
import {
  HasDecimals, IsBelow, IsKey, IsKeyList, MayBeAbsent, Nested, NestedList, NotTogetherWith, OnlyOnWhere,
} from '../platform/http/index.js';
import { IsDuration } from '../platform/time/index.js';
import type { Attribution, Channel } from './campaign.js';
import { SCHEDULES, SCHEDULE_TYPES, UnknownSchedule, type ScheduleBody } from './schedule.dto.js';

const FINITE = { allowNaN: false, allowInfinity: false };
const DAY_MS = 86_400_000;
/** Longest life of an occurrence and longest conversion window: what the aggregates surely hold. */
const UP_TO_A_YEAR = { min: 1_000, max: 366 * DAY_MS };
const MAX_WEIGHT = 1_000_000;

export class VariantBody {
  @ApiProperty({ example: 'a' })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: '$property must be 1 to 64 letters, digits, _ or -' })
  key: string;

  @ApiProperty({ example: 'winback', description: 'Key of a template of the campaign’s channel.' })
  @IsKey()
  template: string;

  @ApiPropertyOptional({ default: 1, minimum: 0, exclusiveMinimum: true, maximum: MAX_WEIGHT })
  @MayBeAbsent() @IsNumber(FINITE) @IsPositive() @Max(MAX_WEIGHT)
  weight?: number;
}

export class AudienceBody {
  @ApiProperty({ type: [String], example: ['everyone'], description: 'Segments; `everyone` is built in.' })
  @IsKeyList(100) @ArrayNotEmpty()
  include: string[];

  @ApiPropertyOptional({ type: [String], default: [] })
  @MayBeAbsent() @IsKeyList(100)
  exclude?: string[];
}

export class ConversionBody {
  @ApiProperty({ example: 'purchase' })
  @IsString() @Length(1, 255)
  event: string;

  @ApiProperty({ example: 'P3D' })
  @IsDuration(UP_TO_A_YEAR)
  window: string;

  @ApiPropertyOptional({ enum: ['sent', 'opened', 'clicked'], default: 'sent' })
  @MayBeAbsent() @IsIn(['sent', 'opened', 'clicked'])
  attribution?: Attribution;
}

/** The body of `POST /v1/campaigns`. `null` clears topic, throttle and conversion; elsewhere it is refused. */
@ApiExtraModels(...SCHEDULES)
export class CampaignBody {
  @ApiProperty({ example: 'Win back', minLength: 1, maxLength: 200 })
  @IsString() @Length(1, 200) @Matches(/\S/, { message: '$property must not be blank' })
  name: string;

  @ApiProperty({ enum: ['push', 'email'] })
  @IsIn(['push', 'email'])
  channel: Channel;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'promo', description: 'Required for marketing.' })
  @ValidateIf((body: CampaignBody) => (body.topic ?? undefined) !== undefined || body.class !== 'transactional')
  @IsKey()
  topic?: string | null;

  @ApiPropertyOptional({ enum: ['marketing', 'transactional'], default: 'marketing' })
  @MayBeAbsent() @IsIn(['marketing', 'transactional'])
  class?: 'marketing' | 'transactional';

  @ApiPropertyOptional({ type: [String], default: [] })
  @MayBeAbsent() @IsArray() @ArrayMaxSize(20) @ArrayUnique() @IsString({ each: true }) @Length(1, 64, { each: true })
  tags?: string[];

  @ApiProperty({ type: AudienceBody })
  @Nested(() => AudienceBody)
  audience: AudienceBody;

  @ApiPropertyOptional({ example: 'winback', description: 'Stands for one variant with the key `a`; either this or `variants`.' })
  @ValidateIf((body: CampaignBody) => body.template !== undefined || body.variants === undefined)
  @IsKey() @NotTogetherWith('variants')
  template?: string;

  @ApiPropertyOptional({ type: [VariantBody] })
  @MayBeAbsent() @NestedList(() => VariantBody, 20) @ArrayNotEmpty()
  @ArrayUnique((variant: VariantBody | null) => variant?.key, { message: '$property must have unique keys' })
  variants?: VariantBody[];

  @ApiPropertyOptional({ default: 0, minimum: 0, maximum: 1, exclusiveMaximum: true, description: 'Share of the audience that gets nothing, at most four decimals.' })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @IsBelow(1) @HasDecimals(4)
  holdout?: number;

  @ApiPropertyOptional({ type: 'integer', default: 50, minimum: 0, maximum: 100 })
  @MayBeAbsent() @IsInt() @Min(0) @Max(100)
  priority?: number;

  @ApiPropertyOptional({ default: false, description: 'Its next occurrence, if due within a cap’s window and 7 days, holds back a slot of that cap from lower priorities.' })
  @MayBeAbsent() @IsBoolean()
  reserve?: boolean;

  @ApiPropertyOptional({ default: false })
  @MayBeAbsent() @IsBoolean()
  ignoreCaps?: boolean;

  @ApiProperty({ oneOf: SCHEDULES.map((schedule) => ({ $ref: getSchemaPath(schedule) })) })
  @Nested(() => UnknownSchedule, SCHEDULE_TYPES)
  schedule: ScheduleBody;

  @ApiPropertyOptional({ enum: ['drop', 'defer'], default: 'drop' })
  @MayBeAbsent() @IsIn(['drop', 'defer'])
  onFatigue?: 'drop' | 'defer';

  @ApiPropertyOptional({ default: 'PT24H', description: 'From the due instant on, at most P366D.' })
  @MayBeAbsent() @IsDuration(UP_TO_A_YEAR)
  expiresAfter?: string;

  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: 600_000, description: 'First requests in any 60 s, one for each device of a user. Default: none.' })
  @IsOptional() @IsInt() @Min(1) @Max(600_000)
  throttlePerMinute?: number | null;

  @ApiPropertyOptional({ enum: ['skip', 'resend'], default: 'skip', description: 'After a request with unknown outcome: at most once, or three requests at most.' })
  @MayBeAbsent() @IsIn(['skip', 'resend'])
  onDoubt?: 'skip' | 'resend';

  @ApiPropertyOptional({ type: ConversionBody, nullable: true, description: 'Default: none.' })
  @IsOptional() @Nested(() => ConversionBody)
  conversion?: ConversionBody | null;

  @ApiPropertyOptional({
    default: false,
    description: 'Send only where the expected gain exceeds the risk of an opt-out times the value of still being heard; the others are suppressed with `not_worth_it`. Marketing only.',
  })
  @MayBeAbsent() @IsBoolean()
  @OnlyOnWhere('marketing', (body) => (body as CampaignBody).class !== 'transactional')
  worth?: boolean;
}
