import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { notFound } from '../platform/errors/index.js';
import { IsInstant, parseInstant } from '../platform/time/index.js';
import { MessageEvents, type MessageEvent } from './message-events.js';
import { Messages } from './messages.js';

const TYPES = ['delivered', 'opened', 'dismissed'] as const;

class ReportMessageEvent {
  @ApiProperty({ enum: TYPES, description: 'A tap on a push is `opened`; it also counts as clicked.' })
  @IsIn(TYPES)
  type: (typeof TYPES)[number];

  @ApiProperty({ example: '2026-12-01T18:00:05Z', description: 'By the phone’s clock; moved into [sent, received].' })
  @IsInstant()
  occurredAt: string;

  @ApiProperty({ required: false, description: 'Which action button was pressed.' })
  @IsOptional() @IsString() @Length(1, 200)
  action?: string;
}

class ReportedMessageEvent {
  @ApiProperty() messageId: string;
  @ApiProperty({ enum: TYPES }) type: string;
}

@ApiTags('feedback')
@Controller('v1/messages')
@Scopes('app')
export class AppEventsController {
  constructor(
    private readonly messages: Messages,
    private readonly events: MessageEvents,
  ) {}

  @Post(':messageId/events')
  @HttpCode(200)
  @ApiOperation({ summary: 'Report what became of a message; needs no user session, the message id is the proof. Idempotent.' })
  @ApiOkResponse({ type: ReportedMessageEvent })
  async report(@Param('messageId') messageId: string, @Body() body: ReportMessageEvent): Promise<ReportedMessageEvent> {
    const ref = this.messages.refOf(messageId);
    const message = ref && (await this.messages.find(ref));
    if (!ref || !message) throw notFound('message');
    const event: MessageEvent = {
      ref, type: body.type, machine: false, source: 'app', occurredAt: parseInstant(body.occurredAt)!, action: body.action,
    };
    const tapped = body.type === 'opened' && message.channel === 'push';
    await this.events.record(tapped ? [event, { ...event, type: 'clicked' }] : [event]);
    return { messageId, type: body.type };
  }
}
