import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Scopes } from '../platform/auth/index.js';
import { notFound } from '../platform/errors/index.js';
import { parseInstant } from '../platform/time/index.js';
import { Users } from '../recipients/index.js';
import type { ExportedMessage } from './export/columns.js';
import { CONTENT_TYPES } from './export/encoders.js';
import { MessageExports } from './message-exports.js';
import { AllMessagesQuery, UserMessagesQuery } from './queries.js';

/** One message in a person's history; times only where they happened. */
interface UserMessage {
  messageId: string;
  campaignId: string;
  runId: string;
  channel: string;
  variant: string | null;
  outcome: string;
  reason?: string;
  dueAt: Date;
  sentAt?: Date;
  openedAt?: Date;
  clickedAt?: Date;
  convertedAt?: Date;
}

@ApiTags('results')
@Controller('v1')
@Scopes('analyst', 'marketer')
export class MessagesController {
  constructor(
    private readonly exports: MessageExports,
    private readonly users: Users,
  ) {}

  @Get('exports/messages')
  @ApiOperation({ summary: 'The messages of all campaigns, streamed; with updatedSince only those that anything happened to since.' })
  @ApiProduces(...Object.values(CONTENT_TYPES))
  async all(@Query() query: AllMessagesQuery, @Res() response: Response): Promise<void> {
    await this.exports.send(response, 'messages', query.format, {
      from: instant(query.from), to: instant(query.to), updatedSince: instant(query.updatedSince),
    });
  }

  @Get('users/:userId/messages')
  @ApiOperation({ summary: 'What this person was sent and what not, and why; the newest first.' })
  async ofUser(@Param('userId') userId: string, @Query() query: UserMessagesQuery): Promise<UserMessage[]> {
    const internalUserId = await this.users.find(userId);
    if (internalUserId === undefined) throw notFound('user');
    const rows = await this.exports.ofUser({
      internalUserId, from: instant(query.from), to: instant(query.to), campaignId: query.campaignId,
    });
    return rows.map(present);
  }
}

function present(row: ExportedMessage): UserMessage {
  const { messageId, campaignId, runId, channel, variant, outcome, reason, dueAt, sentAt, openedAt, clickedAt, firstConvertedAt } = row;
  const optional = Object.entries({ reason, sentAt, openedAt, clickedAt, convertedAt: firstConvertedAt }).filter(([, value]) => value !== null);
  return { messageId, campaignId, runId, channel, variant, outcome, dueAt, ...Object.fromEntries(optional) };
}

function instant(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseInstant(text);
}
