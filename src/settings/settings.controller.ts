import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Scopes } from '../platform/auth/index.js';
import { PatchSettings } from './settings.dto.js';
import { SettingsService } from './settings.service.js';
import type { Settings } from './settings.js';

@ApiTags('settings')
@Controller('v1/settings')
@Scopes('admin')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  get(): Promise<Settings> {
    return this.settings.get();
  }

  @Patch()
  patch(@Body() body: PatchSettings): Promise<Settings> {
    return this.settings.patch(body);
  }
}
