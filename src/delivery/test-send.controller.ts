import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsOptional, IsString, Length } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { TestSend, type TestSendResult } from './test-send.js';

class TestSendRequest {
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(25) @ArrayUnique() @IsString({ each: true }) @Length(1, 255, { each: true })
  userIds: string[];

  @IsOptional() @IsString()
  variant?: string;
}

@ApiTags('campaigns')
@Controller('v1/campaigns')
export class TestSendController {
  constructor(private readonly tests: TestSend) {}

  /** Sends to at most 25 users now; suppression holds, audience, caps, quiet hours and holdout do not; counts nowhere. */
  @Post(':id/test')
  @HttpCode(200)
  @Scopes('marketer')
  send(@Param('id') id: string, @Body() body: TestSendRequest): Promise<TestSendResult> {
    return this.tests.send(id, body.userIds, body.variant);
  }
}
