import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../platform/auth/index.js';
import { ApiEventBatch, RowwiseBody, batchRows, type RejectedRow } from '../platform/http/index.js';
import { MailServerEvents } from './mail-server-events.js';

const MAX_ROWS = 1_000;

const EVENT = {
  type: 'object', required: ['messageId', 'type', 'occurredAt'], additionalProperties: false,
  properties: {
    messageId: { type: 'string' },
    type: { type: 'string', enum: ['bounce', 'complaint', 'delivered'] },
    hard: { type: 'boolean', default: false, description: 'Of a bounce: the address does not exist (5.x.x). It is suppressed.' },
    occurredAt: { type: 'string', format: 'date-time' },
  },
};

@ApiTags('feedback')
@Controller('v1/providers/email')
@Scopes('ingest')
export class ProviderEventsController {
  constructor(private readonly mailServer: MailServerEvents) {}

  @Post('events')
  @HttpCode(200)
  @RowwiseBody()
  @ApiOperation({ summary: 'Bounces, complaints and deliveries that the mail server reported. Idempotent; a bad row loses only itself.' })
  @ApiEventBatch(EVENT, MAX_ROWS)
  take(@Body() body: unknown): Promise<{ accepted: number; rejected: RejectedRow[] }> {
    return this.mailServer.take(batchRows(body, 'events', MAX_ROWS));
  }
}
