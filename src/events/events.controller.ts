import { Body, Controller, HttpCode, Post, type OnModuleInit } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { jsonAnswer } from '../platform/answer/index.js';
import { CurrentCaller, Scopes, type Caller } from '../platform/auth/index.js';
import { FastPath } from '../platform/fast-path/index.js';
import { RowwiseBody, batchRows, jsonOf } from '../platform/http/index.js';
import { EventIngest, type IngestResult } from './event-ingest.js';
import { EVENTS_SCHEMA } from './openapi.js';

const MAX_BATCH = 1_000;
const CALLERS = ['ingest', 'app'] as const;

@ApiTags('events')
@Controller('v1/events')
@Scopes(...CALLERS)
export class EventsController implements OnModuleInit {
  constructor(
    private readonly ingest: EventIngest,
    private readonly fastPath: FastPath,
  ) {}

  onModuleInit(): void {
    this.fastPath.register({
      method: 'POST', path: '/v1/events', scopes: CALLERS, type: 'application/json',
      answer: ({ body, caller }) => this.take(jsonOf(body), caller!).then(jsonAnswer),
    });
  }

  @Post()
  @HttpCode(200)
  @RowwiseBody()
  @ApiBody({ schema: EVENTS_SCHEMA as never })
  @ApiOkResponse({ description: '{accepted, duplicates, rejected: [{index, path?, message}]}' })
  take(@Body() body: unknown, @CurrentCaller() caller: Caller): Promise<IngestResult> {
    return this.ingest.take(batchRows(body, 'events', MAX_BATCH), caller);
  }
}
