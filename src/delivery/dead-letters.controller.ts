import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsString, Length, Matches } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { MayBeAbsent, PageQuery, decodeIdCursor, toPage } from '../platform/http/index.js';
import { DeadLetters, type Replay } from './dead-letters.js';

class DeadLetterQuery extends PageQuery {
  @ApiPropertyOptional()
  @MayBeAbsent() @Matches(/^\d{1,18}$/, { message: 'campaignId must be the id of a campaign' })
  campaignId?: string;
}

class DeadLetter {
  @ApiProperty() messageId: string;
  @ApiProperty() campaignId: string;
  @ApiProperty() runId: string;
  @ApiProperty({ type: String, nullable: true, description: 'null once the user was erased.' }) userId: string | null;
  @ApiProperty({ enum: ['push', 'email'] }) channel: string;
  @ApiProperty({ enum: ['invalid_address', 'provider_rejected'] }) reason: string;
  @ApiProperty({ description: 'Explicit refusals before the last one.' }) attempts: number;
  @ApiProperty({ format: 'date-time' }) failedAt: Date;
  @ApiProperty({ format: 'date-time', description: 'A replay is possible until then.' }) expiresAt: Date;
}

class DeadLetterPage {
  @ApiProperty({ type: [DeadLetter] }) data: DeadLetter[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

class ReplayRequest {
  @ApiProperty({ type: [String], maxItems: 1000 })
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(1_000) @ArrayUnique() @IsString({ each: true }) @Length(1, 64, { each: true })
  messageIds: string[];
}

class Rejection {
  @ApiProperty() messageId: string;
  @ApiProperty() message: string;
}

class ReplayAnswer implements Replay {
  @ApiProperty() replayed: number;
  @ApiProperty({ type: [Rejection] }) rejected: Rejection[];
}

@ApiTags('operating')
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLetters) {}

  @Get()
  @Scopes('marketer')
  @ApiOperation({ summary: 'Messages that a provider refused for good, newest first.' })
  @ApiOkResponse({ type: DeadLetterPage })
  async list(@Query() query: DeadLetterQuery): Promise<DeadLetterPage> {
    const rows = await this.letters.list(query.campaignId ?? null, decodeIdCursor(query.cursor), query.limit + 1);
    const { data, nextCursor } = toPage(rows, query.limit, ({ id }) => id);
    return { data: data.map(({ id: _, ...letter }) => letter), nextCursor };
  }

  @Post('replay')
  @HttpCode(200)
  @Scopes('marketer')
  @ApiOperation({
    summary: 'Sends dead letters again.',
    description: 'Each is decided anew from the first gate, so none goes past suppression, consent, quiet hours or caps. A completed campaign runs again until they are done.',
  })
  @ApiOkResponse({ type: ReplayAnswer })
  replay(@Body() body: ReplayRequest): Promise<ReplayAnswer> {
    return this.letters.replay(body.messageIds);
  }
}
