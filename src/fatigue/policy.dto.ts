import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import {
  Allow, ArrayNotEmpty, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, Matches, Max, Min, ValidateIf,
} from 'class-validator';
import { DiffersFrom, HasDecimals, IsKey, MayBeAbsent, Nested, NestedList } from '../platform/http/index.js';
import { IsDuration, IsZone } from '../platform/time/index.js';
import { WEEKDAYS, type CalendarUnit, type PolicyChannel, type Weekday } from './policy.js';

const FINITE = { allowNaN: false, allowInfinity: false };
const DAY_MS = 86_400_000;
/** A window must hold something, and the ledger is kept long enough for a year and a day. */
const WINDOW = { min: 1, max: 366 * DAY_MS };
const CHANNELS: PolicyChannel[] = ['push', 'email', 'any'];
const UNITS: CalendarUnit[] = ['day', 'week', 'month'];
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const TIME_MESSAGE = '$property must be a time of day from 00:00 to 23:59';
/** Every gate costs every decision; whoever needs more than this needs another policy. */
const MAX_PARTS = 32;
export const MAX_LIMIT = 1_000;

/** Any type that has no class below: refused for its type alone. */
class UnknownWindow {
  @IsIn(['rolling', 'calendar']) type: string;
  @Allow() duration?: unknown;
  @Allow() unit?: unknown;
  @Allow() timezone?: unknown;
}

export class RollingWindowBody {
  @ApiProperty({ enum: ['rolling'] })
  @IsIn(['rolling'])
  type: 'rolling';

  @ApiProperty({ example: 'PT24H', description: 'The window is (t − duration, t]; at most P366D.' })
  @IsDuration(WINDOW)
  duration: string;
}

export class CalendarWindowBody {
  @ApiProperty({ enum: ['calendar'] })
  @IsIn(['calendar'])
  type: 'calendar';

  @ApiProperty({ enum: UNITS, description: 'A week begins on Monday.' })
  @IsIn(UNITS)
  unit: CalendarUnit;

  @ApiProperty({ example: 'user', description: 'An IANA zone, or user: the user’s zone at the decision.' })
  @ValidateIf(({ timezone }: CalendarWindowBody) => timezone !== 'user') @IsZone()
  timezone: string;
}

const WINDOWS = {
  property: 'type',
  subTypes: [{ name: 'rolling', value: RollingWindowBody }, { name: 'calendar', value: CalendarWindowBody }],
};

@ApiExtraModels(RollingWindowBody, CalendarWindowBody)
export class CapBody {
  @ApiProperty({ example: 'push-day' })
  @IsKey()
  key: string;

  @ApiProperty({ enum: CHANNELS })
  @IsIn(CHANNELS)
  channel: PolicyChannel;

  @ApiPropertyOptional({ example: 'promo', description: 'Only messages of this topic.' })
  @MayBeAbsent() @IsKey()
  topic?: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_LIMIT })
  @IsInt() @Min(1) @Max(MAX_LIMIT)
  limit: number;

  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(RollingWindowBody) }, { $ref: getSchemaPath(CalendarWindowBody) }] })
  @Nested(() => UnknownWindow, WINDOWS)
  window: RollingWindowBody | CalendarWindowBody;
}

export class MinimumGapBody {
  @ApiProperty({ enum: CHANNELS })
  @IsIn(CHANNELS)
  channel: PolicyChannel;

  @ApiProperty({ example: 'PT4H' })
  @IsDuration(WINDOW)
  duration: string;
}

export class QuietHoursBody {
  @ApiProperty({ enum: CHANNELS })
  @IsIn(CHANNELS)
  channel: PolicyChannel;

  @ApiProperty({ example: '22:00', description: 'Wall clock of the user’s zone.' })
  @Matches(TIME, { message: TIME_MESSAGE })
  start: string;

  @ApiProperty({ example: '08:00', description: 'Before start: on the day after, and the window belongs to the day on which it starts.' })
  @Matches(TIME, { message: TIME_MESSAGE }) @DiffersFrom('start')
  end: string;

  @ApiPropertyOptional({ enum: WEEKDAYS, isArray: true, description: 'Default: every day.' })
  @MayBeAbsent() @IsArray() @ArrayNotEmpty() @ArrayUnique() @IsIn(WEEKDAYS, { each: true })
  days?: Weekday[];
}

export class TierBody {
  @ApiProperty({ example: 'champions' })
  @IsKey()
  segment: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer', minimum: 1, maximum: MAX_LIMIT }, example: { 'push-day': 2 } })
  @IsObject()
  caps: Record<string, number>;
}

export class AdaptiveBody {
  @ApiProperty()
  @IsBoolean()
  enabled: boolean;

  @ApiPropertyOptional({ type: 'integer', default: 5, minimum: 1, maximum: 1000 })
  @MayBeAbsent() @IsInt() @Min(1) @Max(1_000)
  unopenedStreak?: number;

  @ApiPropertyOptional({ default: 0.5, minimum: 0.01, maximum: 0.99, description: 'At most four decimals.' })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0.01) @Max(0.99) @HasDecimals(4)
  factor?: number;

  @ApiPropertyOptional({ type: 'integer', default: 1, minimum: 1, maximum: MAX_LIMIT })
  @MayBeAbsent() @IsInt() @Min(1) @Max(MAX_LIMIT)
  floor?: number;
}

/** The body of `PUT /v1/fatigue-policy`: the whole policy; a part left out is empty. */
export class PolicyBody {
  @ApiPropertyOptional({ type: 'integer', description: 'The version that this edit is based on; 409 if another is in force. Left out: whatever is in force.' })
  @MayBeAbsent() @IsInt() @Min(0)
  version?: number;

  @ApiPropertyOptional({ type: [CapBody], default: [] })
  @MayBeAbsent() @NestedList(() => CapBody, MAX_PARTS)
  @ArrayUnique((cap: CapBody | null) => cap?.key, { message: '$property must have unique keys' })
  caps?: CapBody[];

  @ApiPropertyOptional({ type: [MinimumGapBody], default: [] })
  @MayBeAbsent() @NestedList(() => MinimumGapBody, MAX_PARTS)
  minimumGap?: MinimumGapBody[];

  @ApiPropertyOptional({ type: [QuietHoursBody], default: [] })
  @MayBeAbsent() @NestedList(() => QuietHoursBody, MAX_PARTS)
  quietHours?: QuietHoursBody[];

  @ApiPropertyOptional({ type: [TierBody], default: [] })
  @MayBeAbsent() @NestedList(() => TierBody, MAX_PARTS)
  @ArrayUnique((tier: TierBody | null) => tier?.segment, { message: '$property must name each segment once' })
  tiers?: TierBody[];

  @ApiPropertyOptional({ type: AdaptiveBody, nullable: true })
  @IsOptional() @Nested(() => AdaptiveBody)
  adaptive?: AdaptiveBody | null;
}

export class PolicyResource {
  @ApiProperty({ type: 'integer', description: '0 before the first policy is written.' }) version: number;
  @ApiProperty({ type: [CapBody] }) caps: CapBody[];
  @ApiProperty({ type: [MinimumGapBody] }) minimumGap: MinimumGapBody[];
  @ApiProperty({ type: [QuietHoursBody] }) quietHours: QuietHoursBody[];
  @ApiProperty({ type: [TierBody] }) tiers: TierBody[];
  @ApiProperty({ type: AdaptiveBody }) adaptive: AdaptiveBody;
}
