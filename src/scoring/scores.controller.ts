import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { NoBody } from '../platform/http/index.js';
import { IsInstant, parseInstant } from '../platform/time/index.js';
import type { RfmView } from './rfm-view.js';
import { Scores, type UserScores } from './scores.js';

export const REFRESH_JOB = 'scores.refresh';

class RfmQuery {
  @ApiProperty({ required: false, format: 'date-time', description: 'A past instant, computed from the events; default: the latest refresh.' })
  @IsOptional() @IsInstant()
  asOf?: string;
}

@ApiTags('scores')
@Controller('v1')
@Scopes('marketer', 'analyst')
export class ScoresController {
  constructor(
    private readonly scores: Scores,
    private readonly jobs: Jobs,
  ) {}

  @Get('scores/rfm')
  @ApiOperation({
    summary: 'The RFM grid and its ten groups',
    description: 'Scores 1 to 5 by minimum rank over purchase events in the settings’ currency; equal values share a score, so a '
      + 'score may be empty. The first refresh happens by itself as soon as there is a purchase, then one every night after '
      + '02:00 UTC, and whenever POST /v1/scores/refresh asks for one. All 25 cells and all ten groups are listed, and the users by '
      + 'each of the three scores; averageMonetary is the mean revenue of a cell’s users, null where nobody is.',
  })
  rfm(@Query() { asOf }: RfmQuery): Promise<RfmView> {
    return this.scores.grid(asOf === undefined ? undefined : parseInstant(asOf));
  }

  @Get('users/:userId/scores')
  @ApiOperation({
    summary: 'The scores of one user',
    description: 'rfm is null without a purchase. value is null while fewer than 100 buyers came back, or before the next refresh; '
      + 'its expectedValue90d alone is null where spend and frequency correlate above 0.3, which the spend model does not allow. '
      + 'engagement is of this moment: openRate is the user’s rate shrunk to the channel’s, optOutRisk the risk at the next '
      + 'message, attention the probability of still listening; with too few data the stated priors (open rate 0.1 worth 10 '
      + 'messages, opt-out 1 in 200 messages, 1 in 50 stops listening) stand in.',
  })
  ofUser(@Param('userId') userId: string): Promise<UserScores> {
    return this.scores.ofUser(userId);
  }

  @Post('scores/refresh')
  @HttpCode(202)
  @Scopes('marketer')
  @NoBody()
  @ApiOperation({ summary: 'Recompute all scores now, in the background' })
  async refresh(): Promise<{ jobId: string }> {
    return { jobId: await this.jobs.enqueue(REFRESH_JOB) };
  }
}
