import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags, PartialType } from '@nestjs/swagger';
import { IsIn, IsString, Length } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { MayBeAbsent, NoBody, PageQuery, decodeIdCursor, toPage } from '../platform/http/index.js';
import { IsInstant, parseInstant } from '../platform/time/index.js';
import { CampaignLifecycle } from './campaign-lifecycle.js';
import { CampaignPage, CampaignResource, RunPage, STATUSES, toResource } from './campaign.resource.js';
import { CampaignBody } from './campaign.dto.js';
import type { CampaignStatus } from './campaign.js';
import { Campaigns } from './campaigns.service.js';

class CampaignQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @MayBeAbsent() @IsIn(STATUSES)
  status?: CampaignStatus;

  @ApiPropertyOptional()
  @MayBeAbsent() @IsString() @Length(1, 64)
  tag?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Due at or after this instant.' })
  @MayBeAbsent() @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Due before this instant.' })
  @MayBeAbsent() @IsInstant()
  to?: string;
}

class CampaignPatch extends PartialType(CampaignBody, { skipNullProperties: false }) {}

@ApiTags('campaigns')
@Controller('v1/campaigns')
export class CampaignsController {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly lifecycle: CampaignLifecycle,
  ) {}

  @Post()
  @Scopes('marketer')
  @ApiOperation({ summary: 'Makes a draft.' })
  @ApiCreatedResponse({ type: CampaignResource })
  async create(@Body() body: CampaignBody): Promise<CampaignResource> {
    return toResource(await this.campaigns.create(body));
  }

  @Get()
  @Scopes('marketer', 'analyst')
  @ApiOperation({ summary: 'Campaigns, newest first.' })
  @ApiOkResponse({ type: CampaignPage })
  async list(@Query() query: CampaignQuery): Promise<CampaignPage> {
    const { status = null, tag = null, limit } = query;
    const [from, to] = [query.from, query.to].map((text) => (text === undefined ? null : parseInstant(text)!));
    const rows = await this.campaigns.list({ status, tag, from: from!, to: to!, before: decodeIdCursor(query.cursor), limit: limit + 1 });
    return toPage(rows.map(toResource), limit, ({ id }) => id);
  }

  @Get(':id')
  @Scopes('marketer', 'analyst')
  @ApiOkResponse({ type: CampaignResource })
  async find(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.campaigns.get(id));
  }

  @Patch(':id')
  @Scopes('marketer')
  @ApiOperation({
    summary: 'Changes a draft, or a paused campaign.',
    description: 'Each field given replaces the field whole; null clears topic, throttlePerMinute and conversion. While paused: all but channel, '
      + 'schedule type, holdout and variant keys; the due instant until it has come. What was already decided keeps its expiry.',
  })
  @ApiBody({ type: CampaignPatch })
  @ApiOkResponse({ type: CampaignResource })
  async update(@Param('id') id: string, @Body() patch: object): Promise<CampaignResource> {
    return toResource(await this.campaigns.update(id, patch));
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('marketer')
  @ApiOperation({ summary: 'Deletes a draft.' })
  @ApiNoContentResponse()
  delete(@Param('id') id: string): Promise<void> {
    return this.campaigns.delete(id);
  }

  @Get(':id/runs')
  @Scopes('marketer', 'analyst')
  @ApiOkResponse({ type: RunPage })
  async runs(@Param('id') id: string, @Query() query: PageQuery): Promise<RunPage> {
    const rows = await this.campaigns.runs(id, decodeIdCursor(query.cursor), query.limit + 1);
    return toPage(rows, query.limit, (run) => run.id);
  }

  @Post(':id/launch')
  @HttpCode(200)
  @Scopes('marketer')
  @NoBody()
  @ApiOkResponse({ type: CampaignResource })
  async launch(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.lifecycle.launch(id));
  }

  @Post(':id/pause')
  @HttpCode(200)
  @Scopes('marketer')
  @NoBody()
  @ApiOkResponse({ type: CampaignResource })
  async pause(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.lifecycle.pause(id));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Scopes('marketer')
  @NoBody()
  @ApiOkResponse({ type: CampaignResource })
  async resume(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.lifecycle.resume(id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Scopes('marketer')
  @NoBody()
  @ApiOkResponse({ type: CampaignResource })
  async cancel(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.lifecycle.cancel(id));
  }

  @Post(':id/duplicate')
  @Scopes('marketer')
  @NoBody()
  @ApiCreatedResponse({ type: CampaignResource })
  async duplicate(@Param('id') id: string): Promise<CampaignResource> {
    return toResource(await this.campaigns.duplicate(id));
  }
}
