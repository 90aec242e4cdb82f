import { Body, Controller, Get, Param, Put, UseGuards } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../platform/auth/index.js';
import type { Page } from '../platform/http/index.js';
import { SUBSCRIPTION_SCHEMA } from './openapi.js';
import { OwnUserGuard } from './own-user.guard.js';
import { readBody } from './read-body.js';
import { parseSubscription } from './subscription.js';
import { Subscriptions } from './subscriptions.service.js';
import { UserIdPipe } from './user-id.pipe.js';

@ApiTags('subscriptions')
@Controller('v1/users/:userId/subscriptions')
@UseGuards(OwnUserGuard)
export class SubscriptionsController {
  constructor(private readonly subscriptions: Subscriptions) {}

  /** All of them at once: as many as there are channels and topics. */
  @Get()
  @Scopes('app', 'ingest', 'marketer')
  async list(@Param('userId', UserIdPipe) userId: string): Promise<Page<object>> {
    return { data: await this.subscriptions.list(userId), nextCursor: null };
  }

  @Put()
  @Scopes('app', 'ingest')
  @ApiBody({ schema: SUBSCRIPTION_SCHEMA })
  put(@Param('userId', UserIdPipe) userId: string, @Body() body: unknown): Promise<object> {
    return this.subscriptions.put(userId, readBody((errors) => parseSubscription(body, '', errors)));
  }
}
