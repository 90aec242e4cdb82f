import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { CampaignsModule } from './campaigns/index.js';
import { DeliveryModule } from './delivery/index.js';
import { EventsModule } from './events/index.js';
import { FatigueModule } from './fatigue/index.js';
import { FeedbackModule } from './feedback/index.js';
import { ImportsModule } from './imports/index.js';
import { PlanningModule } from './planning/index.js';
import { PlatformModule, type PlatformOptions } from './platform/platform.module.js';
import { RecipientsModule } from './recipients/index.js';
import { ReportingModule } from './reporting/index.js';
import { ScoringModule } from './scoring/index.js';
import { SegmentsModule } from './segments/index.js';
import { SettingsModule } from './settings/index.js';
import { TemplatesModule } from './templates/index.js';

/** Every room of the house, along the data's way. */
const ROOMS: Type[] = [
  SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule, ImportsModule, TemplatesModule, CampaignsModule, FatigueModule,
  PlanningModule, DeliveryModule, FeedbackModule, ReportingModule,
];

export interface AppOptions extends PlatformOptions {
  /** Only these rooms: for tests of one module. Default: all. */
  rooms?: Array<Type | DynamicModule>;
}

@Module({})
export class AppModule {
  static with(options: AppOptions): DynamicModule {
    return { module: AppModule, imports: [PlatformModule.with(options), ...(options.rooms ?? ROOMS)] };
  }
}
