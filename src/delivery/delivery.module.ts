import { Module } from '@nestjs/common';
import { FatigueModule } from '../fatigue/index.js';
import { RecipientsModule } from '../recipients/index.js';
import { TemplatesModule } from '../templates/index.js';
import { ChunkWorker } from './chunk-worker.js';
import { Claims } from './claims.js';
import { Engine } from './engine.js';
import { MessageComposer } from './message-composer.js';
import { OperatingController } from './operating.controller.js';
import { SenderLoops } from './sender.loops.js';
import { sendersProvider } from './senders.js';
import { Settler } from './settler.js';
import { SliceSender } from './slice-sender.js';
import { TestSend } from './test-send.js';
import { TestSendController } from './test-send.controller.js';

/** From the ledger's queued rows to the provider and back. */
@Module({
  imports: [FatigueModule, RecipientsModule, TemplatesModule],
  controllers: [OperatingController, TestSendController],
  providers: [
    sendersProvider, ChunkWorker, Claims, Engine, MessageComposer, SenderLoops, Settler, SliceSender, TestSend,
  ],
})
export class DeliveryModule {}
