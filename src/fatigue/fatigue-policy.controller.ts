import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes, type Caller } from '../platform/auth/index.js';
import { FatiguePolicies, type PolicyVersion } from './fatigue-policies.js';
import type { FatiguePolicy } from './policy.js';
import { PolicyBody, PolicyResource } from './policy.dto.js';

type Answer = { version: number } & FatiguePolicy;

@ApiTags('fatigue policy')
@Controller('v1/fatigue-policy')
export class FatiguePolicyController {
  constructor(private readonly policies: FatiguePolicies) {}

  @Get()
  @Scopes('marketer')
  @ApiOperation({ summary: 'The policy in force.' })
  @ApiOkResponse({ type: PolicyResource })
  async find(): Promise<Answer> {
    return toAnswer(await this.policies.current());
  }

  @Put()
  @Scopes()
  @ApiOperation({ summary: 'Replaces the whole policy, from the next decision on.' })
  @ApiOkResponse({ type: PolicyResource })
  async replace(@Body() body: PolicyBody, @CurrentCaller() caller: Caller): Promise<Answer> {
    return toAnswer(await this.policies.replace(body, caller.keyId));
  }
}

function toAnswer({ version, policy }: PolicyVersion): Answer {
  return { version, ...policy };
}
