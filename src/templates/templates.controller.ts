import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../platform/auth/index.js';
import { ReadOnly, type Page } from '../platform/http/index.js';
import { TemplatePreviews, type Preview } from './template-previews.js';
import { Templates, type TemplateSummary } from './templates.js';
import { CreateTemplate, PreviewTemplate, ReplaceTemplate, TemplateQuery, TemplateView, VersionQuery } from './templates.dto.js';

@ApiTags('templates')
@Controller('v1/templates')
@Scopes('marketer')
export class TemplatesController {
  constructor(
    private readonly templates: Templates,
    private readonly previews: TemplatePreviews,
  ) {}

  // The body is read by hand, so that mistakes beside the content and inside it are named in one answer.
  @Post()
  @ApiBody({ type: CreateTemplate })
  create(@Body() body: unknown): Promise<TemplateView> {
    return this.templates.create(body);
  }

  @Get()
  list(@Query() query: TemplateQuery): Promise<Page<TemplateSummary>> {
    return this.templates.list(query);
  }

  @Get(':key')
  @ApiOkResponse({ type: TemplateView })
  get(@Param('key') key: string, @Query() query: VersionQuery): Promise<TemplateView> {
    return this.templates.get(key, query.version);
  }

  @Put(':key')
  @ApiOperation({ summary: 'A new version; the earlier ones are kept' })
  @ApiBody({ type: ReplaceTemplate })
  @ApiOkResponse({ type: TemplateView })
  replace(@Param('key') key: string, @Body() body: unknown): Promise<TemplateView> {
    return this.templates.replace(key, body);
  }

  @Delete(':key')
  @HttpCode(204)
  @ApiOperation({ summary: '409 while a campaign that is not completed or cancelled uses it, and once a run has sent it' })
  delete(@Param('key') key: string): Promise<void> {
    return this.templates.delete(key);
  }

  @Post(':key/preview')
  @HttpCode(200)
  @ReadOnly()
  @ApiOperation({ summary: 'The rendered fields for a user or a made-up context; 400 names the variables that are missing' })
  preview(@Param('key') key: string, @Body() body: PreviewTemplate): Promise<Preview> {
    return this.previews.preview(key, body);
  }
}
