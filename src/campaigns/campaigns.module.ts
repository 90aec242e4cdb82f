import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/index.js';
import { CampaignLifecycle } from './campaign-lifecycle.js';
import { CampaignScheduler } from './campaign-scheduler.js';
import { OptOutGuard } from './opt-out-guard.js';
import { CampaignStore } from './campaign-store.js';
import { CampaignsController } from './campaigns.controller.js';
import { Campaigns } from './campaigns.service.js';
import { Occurrences } from './occurrences.js';

@Module({
  imports: [SettingsModule],
  controllers: [CampaignsController],
  providers: [Campaigns, CampaignLifecycle, CampaignScheduler, CampaignStore, Occurrences, OptOutGuard],
  exports: [Campaigns, CampaignLifecycle, Occurrences],
})
export class CampaignsModule {}
