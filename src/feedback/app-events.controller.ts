import { Body, Controller, HttpCode, Param, Post, type OnModuleInit } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { jsonAnswer, type Answer } from '../platform/answer/index.js';
import { Scopes } from '../platform/auth/index.js';
import { notFound } from '../platform/errors/index.js';
import { FastPath, type PlainRequest } from '../platform/fast-path/index.js';
import { ApiEventBatch, RowwiseBody, batchRows, isPlainObject, jsonOf, validationPipe, type RejectedRow } from '../platform/http/index.js';
import { IsInstant, parseInstant } from '../platform/time/index.js';
import { ACTION_LENGTH, APP_EVENT_TYPES, AppEvents, parseAppEvent, type AppEvent } from './app-events.js';

const MAX_ROWS = 1_000;
const REPORTERS = ['app'] as const;
const VALIDATION = validationPipe();

class ReportMessageEvent {
  @ApiProperty({ enum: APP_EVENT_TYPES, description: 'A tap on a push is `opened`; it also counts as clicked.' })
  @IsIn(APP_EVENT_TYPES)
  type: (typeof APP_EVENT_TYPES)[number];

  @ApiProperty({ example: '2026-12-01T18:00:05Z', description: 'By the phone’s clock; moved into [sent, received].' })
  @IsInstant()
  occurredAt: string;

  @ApiProperty({ required: false, description: 'Which action button was pressed.' })
  @IsOptional() @IsString() @Length(1, ACTION_LENGTH)
  action?: string;
}

class ReportedMessageEvent {
  @ApiProperty() messageId: string;
  @ApiProperty({ enum: APP_EVENT_TYPES }) type: string;
}

const EVENT = {
  type: 'object', required: ['messageId', 'type', 'occurredAt'], additionalProperties: false,
  properties: {
    messageId: { type: 'string' }, type: { type: 'string', enum: [...APP_EVENT_TYPES] }, occurredAt: { type: 'string', format: 'date-time' },
    action: { type: 'string', minLength: 1, maxLength: ACTION_LENGTH },
  },
};

@ApiTags('feedback')
@Controller('v1/messages')
@Scopes(...REPORTERS)
export class AppEventsController implements OnModuleInit {
  constructor(
    private readonly events: AppEvents,
    private readonly fastPath: FastPath,
  ) {}

  onModuleInit(): void {
    this.fastPath.register({
      method: 'POST', path: '/v1/messages/:messageId/events', scopes: REPORTERS, type: 'application/json', answer: (request) => this.answerPlain(request),
    });
  }

  @Post('events')
  @HttpCode(200)
  @RowwiseBody()
  @ApiOperation({ summary: 'Report of many messages at once, of an app that was offline above all. Idempotent; a bad row loses only itself.' })
  @ApiEventBatch(EVENT, MAX_ROWS)
  reportAll(@Body() body: unknown): Promise<{ accepted: number; rejected: RejectedRow[] }> {
    return this.events.takeAll(batchRows(body, 'events', MAX_ROWS));
  }

  @Post(':messageId/events')
  @HttpCode(200)
  @ApiBody({ type: ReportMessageEvent })
  @ApiOperation({ summary: 'Report what became of a message; needs no user session, the message id is the proof. Idempotent.' })
  @ApiOkResponse({ type: ReportedMessageEvent })
  async report(@Param('messageId') messageId: string, @Body() body: unknown): Promise<ReportedMessageEvent> {
    return this.take(readPlain(messageId, body) ?? await readAny(messageId, body));
  }

  private answerPlain({ parameter, body }: PlainRequest): Promise<Answer> | undefined {
    const event = readPlain(parameter, jsonOf(body));
    return event && this.take(event).then(jsonAnswer);
  }

  private async take(event: AppEvent): Promise<ReportedMessageEvent> {
    if (!(await this.events.take(event))) throw notFound('message');
    return { messageId: event.messageId, type: event.type };
  }
}

/** What is plainly right is read by hand, at a tenth of the validator's price; of all else the validator says, field by field, what is wrong. */
function readPlain(messageId: string, body: unknown): AppEvent | undefined {
  const event = isPlainObject(body) && !Object.hasOwn(body, 'messageId') ? parseAppEvent({ ...body, messageId }, 0) : undefined;
  return event && !('message' in event) ? event : undefined;
}

async function readAny(messageId: string, body: unknown): Promise<AppEvent> {
  const { type, occurredAt, action } = await VALIDATION.transform(body, { type: 'body', metatype: ReportMessageEvent }) as ReportMessageEvent;
  return { messageId, type, occurredAt: parseInstant(occurredAt)!, ...(action === undefined || action === null ? {} : { action }) };
}
