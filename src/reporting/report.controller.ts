import { Controller, Get, Param, Query, Res, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../platform/auth/index.js';
import { sendPage } from '../platform/html/index.js';
import { REPORT_STYLE } from './page/style.js';
import { reportBody } from './page/report-page.js';
import { ResultsQuery } from './queries.js';
import { ReportGuard } from './report.guard.js';
import { Results } from './results.js';

/** Public only for the general guard: ReportGuard asks for a key all the same. */
@ApiTags('results')
@ApiBearerAuth()
@ApiBasicAuth()
@Controller('v1/campaigns/:id')
@Public()
@UseGuards(ReportGuard)
export class ReportController {
  constructor(private readonly results: Results) {}

  @Get('report')
  @ApiOperation({ summary: 'The results as a page for people. A browser asks for a password: give an API key, with any name.' })
  @ApiProduces('text/html')
  @ApiOkResponse()
  async report(@Param('id') id: string, @Query() query: ResultsQuery, @Res() response: Response): Promise<void> {
    const results = await this.results.of(id, query.runId ?? null, query.timezone ?? null);
    sendPage(response, 200, { locale: 'en', title: `${results.name} · Rapport`, style: REPORT_STYLE, body: reportBody(results) });
  }
}
