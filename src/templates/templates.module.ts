import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/index.js';
import { TemplateChecks } from './template-checks.js';
import { TemplatePreviews } from './template-previews.js';
import { TemplateRenderer } from './template-renderer.js';
import { TemplateStore } from './template-store.js';
import { TemplatesController } from './templates.controller.js';
import { Templates } from './templates.js';

@Module({
  imports: [SettingsModule],
  controllers: [TemplatesController],
  providers: [TemplateStore, TemplateChecks, Templates, TemplateRenderer, TemplatePreviews],
  exports: [Templates, TemplateRenderer],
})
export class TemplatesModule {}
