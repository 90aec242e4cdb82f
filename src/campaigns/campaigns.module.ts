import { Module } from '@nestjs/common';
import { CampaignLifecycle } from './campaign-lifecycle.js';
import { CampaignScheduler } from './campaign-scheduler.js';
import { OptOutGuard } from './opt-out-guard.js';
import { CampaignStore } from './campaign-store.js';
import { CampaignsController } from './campaigns.controller.js';
import { Campaigns } from './campaigns.service.js';

@Module({
  controllers: [CampaignsController],
  providers: [Campaigns, CampaignLifecycle, CampaignScheduler, CampaignStore, OptOutGuard],
  exports: [Campaigns],
})
export class CampaignsModule {}
