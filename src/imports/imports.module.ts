import { Module } from '@nestjs/common';
import { EventsModule } from '../events/index.js';
import { RecipientsModule } from '../recipients/index.js';
import { SegmentsModule } from '../segments/index.js';
import { ImportFiles } from './import-files.js';
import { ImportJob } from './import-job.js';
import { ImportWriters } from './import-writers.js';
import { ImportsController } from './imports.controller.js';
import { Imports } from './imports.js';

@Module({
  imports: [RecipientsModule, EventsModule, SegmentsModule],
  controllers: [ImportsController],
  providers: [Imports, ImportJob, ImportFiles, ImportWriters],
})
export class ImportsModule {}
