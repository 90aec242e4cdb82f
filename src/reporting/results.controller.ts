import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Scopes } from '../platform/auth/index.js';
import { decodeIdCursor, toPage, type Page } from '../platform/http/index.js';
import { DAY_COLUMNS, SEGMENT_COLUMNS, type ExportedMessage } from './export/columns.js';
import { CONTENT_TYPES, encoderFor } from './export/encoders.js';
import { sendExport } from './export/send-export.js';
import { MessageExports } from './message-exports.js';
import { RESULTS_SCHEMA } from './openapi.js';
import { ExportQuery, MessagesQuery, ResultsQuery } from './queries.js';
import { Results, type CampaignResults } from './results.js';

@ApiTags('results')
@Controller('v1/campaigns/:id')
@Scopes('analyst', 'marketer')
export class ResultsController {
  constructor(
    private readonly results: Results,
    private readonly exports: MessageExports,
  ) {}

  @Get('results')
  @ApiOperation({ summary: 'What came of the campaign, from one snapshot: audience is always the sum of what became of it.' })
  @ApiOkResponse({ schema: RESULTS_SCHEMA })
  get(@Param('id') id: string, @Query() query: ResultsQuery): Promise<CampaignResults> {
    return this.results.of(id, query.runId ?? null, query.timezone ?? null);
  }

  @Get('messages')
  @ApiOperation({ summary: 'A row for every person of the audience, sent or not, with its reason.' })
  async messages(@Param('id') id: string, @Query() query: MessagesQuery): Promise<Page<ExportedMessage>> {
    await this.results.requireCampaign(id, query.runId ?? null);
    const filter = { campaignId: id, runId: query.runId, outcome: query.status, reason: query.reason, afterId: decodeIdCursor(query.cursor) ?? undefined };
    const page = toPage(await this.exports.page(filter, query.limit), query.limit, (row) => row.id);
    return { ...page, data: page.data.map(({ id: _, ...row }) => row) };
  }

  @Get('export')
  @ApiOperation({ summary: 'The campaign as a file: each message, or sums by day or segment. Streamed from one snapshot.' })
  @ApiProduces(...Object.values(CONTENT_TYPES))
  async export(@Param('id') id: string, @Query() query: ExportQuery, @Res() response: Response): Promise<void> {
    const { level, format, runId } = query;
    await this.results.requireCampaign(id, runId ?? null);
    const name = `campaign-${id}-${level}s`;
    if (level === 'message') return this.exports.send(response, name, format, { campaignId: id, runId });
    const { byDay, bySegment } = await this.results.of(id, runId ?? null, query.timezone ?? null);
    if (level === 'day') return sendExport(response, { name, format, encoder: encoderFor(format, DAY_COLUMNS) }, () => once(byDay));
    return sendExport(response, { name, format, encoder: encoderFor(format, SEGMENT_COLUMNS) }, () => once(bySegment));
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
