import { Module, type OnModuleInit } from '@nestjs/common';
import { Loops } from '../platform/loops/index.js';
import { ScoringModule } from '../scoring/index.js';
import { SettingsModule } from '../settings/index.js';
import { Membership } from './membership.js';
import { SegmentMembers } from './segment-members.js';
import { SegmentPredicates } from './segment-predicates.js';
import { SegmentPreview } from './segment-preview.js';
import { SegmentsController } from './segments.controller.js';
import { Segments } from './segments.js';

const REFRESH_EVERY_MS = 1_000;

@Module({
  imports: [SettingsModule, ScoringModule],
  controllers: [SegmentsController],
  providers: [Segments, SegmentMembers, SegmentPredicates, SegmentPreview, Membership],
  exports: [Segments, SegmentMembers, SegmentPredicates, Membership],
})
export class SegmentsModule implements OnModuleInit {
  constructor(
    private readonly loops: Loops,
    private readonly membership: Membership,
  ) {}

  onModuleInit(): void {
    this.loops.every('segments', REFRESH_EVERY_MS, () => this.membership.refreshAll());
  }
}
