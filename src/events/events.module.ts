import { Module } from '@nestjs/common';
import { RecipientsModule } from '../recipients/index.js';
import { EventIngest } from './event-ingest.js';
import { EventMonths } from './event-months.js';
import { EventsController } from './events.controller.js';
import { IngestHooks } from './ingest-hooks.js';

@Module({
  imports: [RecipientsModule],
  controllers: [EventsController],
  providers: [EventIngest, EventMonths, IngestHooks],
  exports: [IngestHooks],
})
export class EventsModule {}
