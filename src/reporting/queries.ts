import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { PageQuery } from '../platform/http/index.js';
import { IsInstant, IsZone } from '../platform/time/index.js';
import { FORMATS, type Format } from './export/encoders.js';
import { OUTCOMES, type Outcome } from './results-shape.js';

const REASONS = [
  'global_holdout', 'unsubscribed', 'suppressed_address', 'duplicate_address', 'no_device', 'stale_device', 'no_email', 'permission_denied',
  'frequency_cap', 'minimum_gap', 'quiet_hours', 'outranked', 'reserved_for_priority', 'local_time_passed', 'expired', 'cancelled', 'paused',
  'left_segment', 'render_error', 'provider_unavailable', 'invalid_address', 'provider_rejected',
];
const LEVELS = ['message', 'day', 'segment'] as const;

export class ResultsQuery {
  @IsOptional() @IsString()
  runId?: string;

  @ApiPropertyOptional({ description: 'IANA zone of byDay; default the settings’ defaultTimezone.', example: 'Europe/Berlin' })
  @IsOptional() @IsZone()
  timezone?: string;
}

export class MessagesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: OUTCOMES })
  @IsOptional() @IsIn(OUTCOMES)
  status?: Outcome;

  @ApiPropertyOptional({ enum: REASONS })
  @IsOptional() @IsIn(REASONS)
  reason?: string;

  @IsOptional() @IsString()
  runId?: string;
}

export class FormatQuery {
  @ApiPropertyOptional({ enum: FORMATS, default: 'csv' })
  @IsOptional() @IsIn(FORMATS)
  format: Format = 'csv';
}

export class ExportQuery extends FormatQuery {
  @ApiPropertyOptional({ enum: LEVELS, default: 'message' })
  @IsOptional() @IsIn(LEVELS)
  level: (typeof LEVELS)[number] = 'message';

  @IsOptional() @IsString()
  runId?: string;

  @IsOptional() @IsZone()
  timezone?: string;
}

export class AllMessagesQuery extends FormatQuery {
  @ApiPropertyOptional({ description: 'from ≤ dueAt' }) @IsOptional() @IsInstant()
  from?: string;

  @ApiPropertyOptional({ description: 'dueAt < to' }) @IsOptional() @IsInstant()
  to?: string;

  @ApiPropertyOptional({ description: 'Only messages that anything happened to since (their updatedAt).' }) @IsOptional() @IsInstant()
  updatedSince?: string;
}

export class UserMessagesQuery {
  @IsOptional() @IsInstant()
  from?: string;

  @IsOptional() @IsInstant()
  to?: string;

  @IsOptional() @Matches(/^\d{1,18}$/, { message: 'campaignId must be the id of a campaign' })
  campaignId?: string;
}

export class PeriodQuery {
  @ApiPropertyOptional({ description: 'from ≤ sentAt' }) @IsOptional() @IsInstant()
  from?: string;

  @ApiPropertyOptional({ description: 'sentAt < to' }) @IsOptional() @IsInstant()
  to?: string;
}
