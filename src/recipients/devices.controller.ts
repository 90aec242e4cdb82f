import { Body, Controller, HttpCode, Param, Post, Put, UseGuards } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Scopes, type Caller } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { invalidField, type FieldError } from '../platform/errors/index.js';
import { isPlainObject } from '../platform/http/index.js';
import { parseDevice, readToken } from './device.js';
import { Devices, type DeviceView } from './devices.js';
import { FieldReader } from './field-reader.js';
import { DEVICE_SCHEMA } from './openapi.js';
import { OwnUserGuard } from './own-user.guard.js';
import { readBody } from './read-body.js';
import { UserIdPipe } from './user-id.pipe.js';

@ApiTags('devices')
@Controller('v1')
@Scopes('app', 'ingest')
export class DevicesController {
  constructor(
    private readonly devices: Devices,
    private readonly clock: Clock,
  ) {}

  @Put('users/:userId/devices')
  @UseGuards(OwnUserGuard)
  @ApiBody({ schema: DEVICE_SCHEMA })
  register(@Param('userId', UserIdPipe) userId: string, @Body() body: unknown, @CurrentCaller() caller: Caller): Promise<DeviceView> {
    const device = readBody((errors) => parseDevice(body, '', this.clock.now(), errors));
    if (device.lastSeenAt && caller.scope === 'app') throw invalidField('lastSeenAt', 'may be given with an ingest key only');
    return this.devices.put(userId, device);
  }

  @Post('devices/detach')
  @HttpCode(204)
  @ApiBody({ schema: { type: 'object', required: ['token'], properties: { token: { type: 'string' } } } })
  @ApiNoContentResponse({ description: 'the token belongs to nobody now, whether or not it did before' })
  async detach(@Body() body: unknown): Promise<void> {
    await this.devices.detach(readBody((errors) => parseToken(body, errors)));
  }
}

/** The token is the proof: whoever has it may take it out of service, logged in or not. */
function parseToken(body: unknown, errors: FieldError[]): string | undefined {
  const fields = new FieldReader(isPlainObject(body) ? body : {}, '', errors);
  const token = readToken(fields);
  fields.refuseOthers();
  return token;
}
