import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { NoBody, PageQuery, type Page } from '../platform/http/index.js';
import { IsInstant, parseInstant } from '../platform/time/index.js';
import type { RfmView } from './rfm-view.js';
import { Scores, type ScoreModelsView, type UserScores } from './scores.js';

export const REFRESH_JOB = 'scores.refresh';

class RfmQuery {
  @ApiProperty({ required: false, format: 'date-time', description: 'A past instant, computed from the events; default: the latest refresh.' })
  @IsOptional() @IsInstant()
  asOf?: string;

  @ApiProperty({
    required: false, format: 'date-time',
    description: 'An instant before that of the grid: the answer has `movement` as well, the buyers by the group they were in then and are in now.',
  })
  @IsOptional() @IsInstant()
  compareTo?: string;
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
      + 'each of the three scores; averageMonetary is the mean revenue of a cell’s users, null where nobody is. Without asOf the grid is '
      + 'that of the latest refresh, as it was; purchases since then show in the scores of their users within seconds and in the grid '
      + 'with the next refresh. With compareTo the answer has movement: {compareTo, users: {before, now}, groups: [{group, before, entered, '
      + 'left, stayed, now}], moves: [{from, to, users}]}, both instants computed from the events; from is null for users whose first '
      + 'purchase came in between, and all pairs of groups are listed.',
  })
  rfm(@Query() { asOf, compareTo }: RfmQuery): Promise<RfmView> {
    return this.scores.grid(instant(asOf), instant(compareTo));
  }

  @Get('scores/models')
  @ApiOperation({
    summary: 'The refreshes and the models that each fitted',
    description: 'The newest first. asOf is the fit date, version the refresh. value: the purchase model (BG/NBD, time in weeks) and the '
      + 'spend model (Gamma-Gamma) with params, logLikelihood and observations, or fitted: false with the reason and the detail. '
      + 'engagement: for each channel the priors in force and sources, which say for each whether the channel’s own data made it, the '
      + 'level above it, or why the stated prior stands in. cuts: for each RFM score the greatest value that scored 1, 2, 3 and 4; '
      + 'purchases until the next refresh are placed by them.',
  })
  models(@Query() page: PageQuery): Promise<Page<ScoreModelsView>> {
    return this.scores.models(page);
  }

  @Get('users/:userId/scores')
  @ApiOperation({
    summary: 'The scores of one user',
    description: 'rfm is null without a purchase. value is null while fewer than 100 buyers came back, or before the first refresh; '
      + 'its expectedValue90d alone is null where spend and frequency correlate above 0.3, which the spend model does not allow. '
      + 'Both follow a purchase within seconds: placed by the cut points and forecast by the parameters of the latest refresh, as of '
      + 'asOf; cut points, parameters and the fading of those who did not buy come with the next refresh. '
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

function instant(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseInstant(text);
}
