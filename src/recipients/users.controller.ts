import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { IsOptional } from 'class-validator';
import { Scopes, UserTokens } from '../platform/auth/index.js';
import { invalidField } from '../platform/errors/index.js';
import { MayBeAbsent, PageQuery, RowwiseBody, batchRows, type Page } from '../platform/http/index.js';
import { IsDuration, parseDuration } from '../platform/time/index.js';
import { isMailAddress } from './email.js';
import { Erasure } from './erasure.js';
import { USERS_BATCH_SCHEMA } from './openapi.js';
import { PersonExport } from './person-export.js';
import { Profiles } from './profiles.js';
import { UserBatches, type BatchResult } from './user-batches.js';
import { UserIdPipe } from './user-id.pipe.js';

const MAX_BATCH = 1_000;
const DEFAULT_TTL = 'P1D';
const DAY_MS = 86_400_000;

class UsersQuery extends PageQuery {
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  email?: unknown;
}

class MintToken {
  @ApiProperty({ example: DEFAULT_TTL, required: false, description: 'one second to a year; default one day' })
  @MayBeAbsent() @IsDuration({ min: 1_000, max: 366 * DAY_MS })
  ttl?: string;
}

@ApiTags('users')
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly batches: UserBatches,
    private readonly profiles: Profiles,
    private readonly exporter: PersonExport,
    private readonly erasure: Erasure,
    private readonly tokens: UserTokens,
  ) {}

  @Post('batch')
  @HttpCode(200)
  @Scopes('ingest')
  @RowwiseBody()
  @ApiBody({ schema: USERS_BATCH_SCHEMA })
  @ApiOkResponse({ description: '{accepted, rejected: [{index, path?, message}]}' })
  store(@Body() body: unknown): Promise<BatchResult> {
    return this.batches.store(batchRows(body, 'users', MAX_BATCH));
  }

  @Get()
  @Scopes('analyst', 'marketer')
  list(@Query() query: UsersQuery): Promise<Page<object>> {
    const { email } = query;
    if (email === undefined) return this.profiles.list(query, undefined);
    if (typeof email !== 'string' || !isMailAddress(email.trim())) throw invalidField('email', 'must be a mail address');
    return this.profiles.list(query, email);
  }

  @Get(':userId')
  @Scopes('analyst', 'marketer')
  get(@Param('userId', UserIdPipe) userId: string): Promise<object> {
    return this.profiles.get(userId);
  }

  @Delete(':userId')
  @HttpCode(202)
  @Scopes('admin')
  @ApiAcceptedResponse({ description: '{jobId}' })
  erase(@Param('userId', UserIdPipe) userId: string): Promise<{ jobId: string }> {
    return this.erasure.erase(userId);
  }

  @Get(':userId/export')
  @Scopes('admin')
  @ApiOkResponse({ description: 'everything that is held on the user, as one JSON object' })
  async export(@Param('userId', UserIdPipe) userId: string, @Res() response: Response): Promise<void> {
    const pieces = this.exporter.stream(userId);
    // The first piece is fetched before the headers go out, so that an unknown user is still a 404.
    const first = await pieces.next();
    response.type('application/json');
    response.write(first.value ?? '');
    for await (const piece of pieces) {
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      if (response.destroyed) return;
    }
    response.end();
  }

  @Post(':userId/token')
  @Scopes('ingest')
  mint(@Param('userId', UserIdPipe) userId: string, @Body() body: MintToken): { token: string; expiresAt: Date } {
    return this.tokens.mint(userId, parseDuration(body.ttl ?? DEFAULT_TTL)!);
  }
}
