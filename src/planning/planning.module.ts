import { Global, Module } from '@nestjs/common';
import { CampaignsModule } from '../campaigns/index.js';
import { FatigueModule } from '../fatigue/index.js';
import { Installation } from '../platform/auth/index.js';
import { ScoringModule } from '../scoring/index.js';
import { SegmentsModule } from '../segments/index.js';
import { BucketPass } from './bucket-pass.js';
import { Explainer } from './explain.js';
import { MessageIds } from './message-id.js';
import { PassWorlds } from './pass-worlds.js';
import { Planner } from './planner.js';
import { PlanningController } from './planning.controller.js';
import { Simulator } from './simulate.js';
import { UserFatigueReader } from './user-fatigue.js';

const messageIds = {
  provide: MessageIds,
  inject: [Installation],
  useFactory: (installation: Installation): MessageIds => new MessageIds(installation.key('message-id')),
};

/** Deciding: who gets what, when and why. Global for MessageIds: the ledger's ids are read by every room behind it. */
@Global()
@Module({
  imports: [CampaignsModule, FatigueModule, ScoringModule, SegmentsModule],
  controllers: [PlanningController],
  providers: [messageIds, BucketPass, Explainer, PassWorlds, Planner, Simulator, UserFatigueReader],
  exports: [MessageIds],
})
export class PlanningModule {}
