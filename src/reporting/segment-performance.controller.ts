import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../platform/auth/index.js';
import { parseInstant } from '../platform/time/index.js';
import { PERFORMANCE_SCHEMA } from './openapi.js';
import { PeriodQuery } from './queries.js';
import { SegmentPerformances, type SegmentPerformance } from './segment-performance.js';

@ApiTags('segments')
@Controller('v1/segments')
@Scopes('analyst', 'marketer')
export class SegmentPerformanceController {
  constructor(private readonly performances: SegmentPerformances) {}

  @Get(':key/performance')
  @ApiOperation({ summary: 'What messages did to the people who were in the segment at the time they were contacted.' })
  @ApiOkResponse({ schema: PERFORMANCE_SCHEMA })
  get(@Param('key') key: string, @Query() { from, to }: PeriodQuery): Promise<SegmentPerformance> {
    const instant = (text: string | undefined): Date | null => (text === undefined ? null : parseInstant(text)!);
    return this.performances.of(key, instant(from), instant(to));
  }
}
