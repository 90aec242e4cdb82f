import { Module } from '@nestjs/common';
import { CampaignsModule } from '../campaigns/index.js';
import { FatigueModule } from '../fatigue/index.js';
import { RecipientsModule } from '../recipients/index.js';
import { TemplatesModule } from '../templates/index.js';
import { ChunkWorker } from './chunk-worker.js';
import { Claims } from './claims.js';
import { DeadLetters } from './dead-letters.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { Engine } from './engine.js';
import { HousekeepingLoops } from './housekeeping.loops.js';
import { MessageComposer } from './message-composer.js';
import { OperatingController } from './operating.controller.js';
import { ProviderGate } from './provider-gate.js';
import { RateLimiter } from './rate-limiter.js';
import { SenderLoops } from './sender.loops.js';
import { sendersProvider } from './senders.js';
import { Settler } from './settler.js';
import { SliceSender } from './slice-sender.js';
import { TestSend } from './test-send.js';
import { TestSendController } from './test-send.controller.js';

/** From the ledger's queued rows to the provider and back. */
@Module({
  imports: [CampaignsModule, FatigueModule, RecipientsModule, TemplatesModule],
  controllers: [DeadLettersController, OperatingController, TestSendController],
  providers: [
    sendersProvider, ChunkWorker, Claims, DeadLetters, Engine, HousekeepingLoops, MessageComposer, ProviderGate, RateLimiter, SenderLoops, Settler, SliceSender, TestSend,
  ],
})
export class DeliveryModule {}
