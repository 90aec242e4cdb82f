export type {
  Attribution, CampaignDefinition, CampaignStatus, Channel, Conversion, Schedule, Variant,
} from './campaign.js';
export type { CampaignRow } from './campaign-store.js';
export { CampaignLifecycle } from './campaign-lifecycle.js';
export { Campaigns } from './campaigns.service.js';
export { CampaignsModule } from './campaigns.module.js';
export { missingReferences, type NamedReferences } from './references.js';
