import { Global, Module } from '@nestjs/common';
import { CampaignsModule } from '../campaigns/index.js';
import { EventsModule } from '../events/index.js';
import { FatigueModule } from '../fatigue/index.js';
import { Installation } from '../platform/auth/index.js';
import { ScoringModule } from '../scoring/index.js';
import { SegmentsModule } from '../segments/index.js';
import { BucketPass } from './bucket-pass.js';
import { DisplacementReader } from './displacements.js';
import { Explainer } from './explain.js';
import { MessageIds } from './message-id.js';
import { PassWorlds } from './pass-worlds.js';
import { Planner } from './planner.js';
import { PlanningController } from './planning.controller.js';
import { PortfolioPricer } from './portfolio-pricer.js';
import { SendTimeCurves } from './send-times.js';
import { Simulator } from './simulate.js';
import { EventTriggers } from './triggers/event-triggers.js';
import { TriggerEntries } from './triggers/trigger-entries.js';
import { TriggerLoop } from './triggers/trigger-loop.js';
import { UserFatigueReader } from './user-fatigue.js';
import { WorthRetention } from './worth-retention.js';

const messageIds = {
  provide: MessageIds,
  inject: [Installation],
  useFactory: (installation: Installation): MessageIds => new MessageIds(installation.key('message-id')),
};

/** Deciding: who gets what, when and why. Global for MessageIds: the ledger's ids are read by every room behind it. */
@Global()
@Module({
  imports: [CampaignsModule, EventsModule, FatigueModule, ScoringModule, SegmentsModule],
  controllers: [PlanningController],
  providers: [messageIds, BucketPass, DisplacementReader, Explainer, PassWorlds, Planner, PortfolioPricer, SendTimeCurves, Simulator, EventTriggers,
    TriggerEntries, TriggerLoop, UserFatigueReader, WorthRetention],
  exports: [MessageIds],
})
export class PlanningModule {}
