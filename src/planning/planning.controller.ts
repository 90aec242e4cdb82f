import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, Length, Matches } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { NoBody, ReadOnly } from '../platform/http/index.js';
import { IsInstant, LAST_DAY, parseInstant } from '../platform/time/index.js';
import { DisplacementReader, type Displacements } from './displacements.js';
import { Explainer, type Explanation } from './explain.js';
import { Simulator } from './simulate.js';
import type { Simulation } from './tally.js';
import { UserFatigueReader, type UserFatigue } from './user-fatigue.js';

// Before the engine's first day nothing was sent, which is an answer too; beyond its last nothing can be.
const DECIDED = { from: '1970-01-01', to: LAST_DAY };

const instant = (text?: string): Date | undefined => (text === undefined ? undefined : parseInstant(text));

class ExplainQuery {
  @IsString() @Length(1, 255)
  userId: string;

  /** What would be decided at this instant; default: what was decided, else what would be now. */
  @IsOptional() @IsInstant(DECIDED)
  at?: string;

  @IsOptional() @Matches(/^\d{1,18}$/, { message: 'runId must be an id of a run' })
  runId?: string;
}

class FatigueQuery {
  @IsOptional() @IsInstant(DECIDED)
  at?: string;
}

@ApiTags('deciding')
@Controller('v1')
export class PlanningController {
  constructor(
    private readonly simulator: Simulator,
    private readonly explainer: Explainer,
    private readonly fatigue: UserFatigueReader,
    private readonly displacements: DisplacementReader,
  ) {}

  /** What a launch would do, by the same SELECT that launches; nothing is written, sent or locked. */
  @Post('campaigns/:id/simulate')
  @HttpCode(200)
  @ReadOnly()
  @NoBody()
  @Scopes('marketer')
  simulate(@Param('id') id: string): Promise<Simulation> {
    return this.simulator.simulate(id);
  }

  /** Why one user gets, got or did not get a campaign: every gate in order. */
  @Get('campaigns/:id/explain')
  @Scopes('marketer', 'analyst')
  explain(@Param('id') id: string, @Query() query: ExplainQuery): Promise<Explanation> {
    return this.explainer.explain(id, query.userId, instant(query.at), query.runId);
  }

  /** Whom the campaign displaced, and who displaced it. */
  @Get('campaigns/:id/displacements')
  @Scopes('marketer', 'analyst')
  displaced(@Param('id') id: string): Promise<Displacements> {
    return this.displacements.read(id);
  }

  /** How much of a person's patience is used, and when it is free again. */
  @Get('users/:userId/fatigue')
  @Scopes('marketer', 'analyst')
  read(@Param('userId') userId: string, @Query() query: FatigueQuery): Promise<UserFatigue> {
    return this.fatigue.read(userId, instant(query.at));
  }
}
