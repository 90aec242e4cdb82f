import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import type { SandboxPage } from '../channels/index.js';
import { Scopes } from '../platform/auth/index.js';
import { invalidField } from '../platform/errors/index.js';
import { NoBody, PageQuery, decodeIdCursor, encodeCursor } from '../platform/http/index.js';
import { Engine, type EngineState } from './engine.js';
import { SENDERS, type Senders } from './senders.js';

class StopRequest {
  @IsString() @Length(1, 500)
  reason: string;
}

@ApiTags('operating')
@Controller('v1')
@Scopes('admin')
export class OperatingController {
  constructor(
    private readonly engine: Engine,
    @Inject(SENDERS) private readonly senders: Senders,
  ) {}

  /** Stops all sending within 5 s: no slice is claimed any more; what is on the wire ends. */
  @Post('stop')
  @HttpCode(200)
  stop(@Body() body: StopRequest): Promise<EngineState> {
    return this.engine.stop(body.reason);
  }

  @Post('start')
  @HttpCode(200)
  @NoBody()
  start(): Promise<EngineState> {
    return this.engine.start();
  }

  /** What went to a channel without settings, newest first. Held in this process's memory: the last 10,000. */
  @Get('sandbox/messages')
  sandbox(@Query() query: PageQuery): SandboxPage {
    const page = this.page(query);
    return { data: page.data, nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) };
  }

  /** The sandbox knows its own positions: a cursor that none of its pages gave is the caller's mistake. */
  private page({ limit, cursor }: PageQuery): SandboxPage {
    try {
      return this.senders.sandbox.list(limit, decodeIdCursor(cursor) ?? undefined);
    } catch (error) {
      throw error instanceof RangeError ? invalidField('cursor', 'is not a cursor of this list') : error;
    }
  }
}
