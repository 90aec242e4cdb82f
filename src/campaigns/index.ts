export type {
  Attribution, BestHourSchedule, CampaignDefinition, CampaignStatus, Channel, Conversion, Schedule, TriggeredSchedule, Variant,
} from './campaign.js';
export type { CampaignRow } from './campaign-store.js';
export { CampaignLifecycle } from './campaign-lifecycle.js';
export { Campaigns } from './campaigns.service.js';
export { CampaignsModule } from './campaigns.module.js';
export { Occurrences } from './occurrences.js';
export { missingReferences, type NamedReferences } from './references.js';
export { firstRuns, type PlannedRun } from './schedule.js';
export { slotWalls, type PlannedWave, type Zones } from './zone-waves.js';
