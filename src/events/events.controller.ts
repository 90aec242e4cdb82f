import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes, type Caller } from '../platform/auth/index.js';
import { RowwiseBody, batchRows } from '../platform/http/index.js';
import { EventIngest, type IngestResult } from './event-ingest.js';
import { EVENTS_SCHEMA } from './openapi.js';

const MAX_BATCH = 1_000;

@ApiTags('events')
@Controller('v1/events')
@Scopes('ingest', 'app')
export class EventsController {
  constructor(private readonly ingest: EventIngest) {}

  @Post()
  @HttpCode(200)
  @RowwiseBody()
  @ApiBody({ schema: EVENTS_SCHEMA as never })
  @ApiOkResponse({ description: '{accepted, duplicates, rejected: [{index, path?, message}]}' })
  take(@Body() body: unknown, @CurrentCaller() caller: Caller): Promise<IngestResult> {
    return this.ingest.take(batchRows(body, 'events', MAX_BATCH), caller);
  }
}
