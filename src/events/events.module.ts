import { Module } from '@nestjs/common';
import { RecipientsModule } from '../recipients/index.js';
import { EventIngest } from './event-ingest.js';
import { EventMonths } from './event-months.js';
import { EventRetention } from './event-retention.js';
import { EventStore } from './event-store.js';
import { EventsController } from './events.controller.js';
import { IngestHooks } from './ingest-hooks.js';

@Module({
  imports: [RecipientsModule],
  controllers: [EventsController],
  providers: [EventIngest, EventMonths, EventRetention, EventStore, IngestHooks],
  exports: [IngestHooks, EventIngest],
})
export class EventsModule {}
