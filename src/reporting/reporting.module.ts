import { Module } from '@nestjs/common';
import { RecipientsModule } from '../recipients/index.js';
import { SettingsModule } from '../settings/index.js';
import { ExportSlots } from './export/export-slots.js';
import { LedgerMetrics } from './ledger-metrics.js';
import { MessageExports } from './message-exports.js';
import { MessagesController } from './messages.controller.js';
import { ReportController } from './report.controller.js';
import { ReportGuard } from './report.guard.js';
import { Results } from './results.js';
import { ResultsController } from './results.controller.js';
import { SegmentPerformanceController } from './segment-performance.controller.js';
import { SegmentPerformances } from './segment-performance.js';

/** What came of it: read models over the ledger and what was told of it afterwards. Nothing here writes. */
@Module({
  imports: [RecipientsModule, SettingsModule],
  controllers: [ResultsController, ReportController, MessagesController, SegmentPerformanceController],
  providers: [ExportSlots, LedgerMetrics, MessageExports, ReportGuard, Results, SegmentPerformances],
})
export class ReportingModule {}
