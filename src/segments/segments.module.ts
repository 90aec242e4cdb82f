import { Module, type OnModuleInit } from '@nestjs/common';
import { Loops } from '../platform/loops/index.js';
import { ScoringModule } from '../scoring/index.js';
import { SettingsModule } from '../settings/index.js';
import { SegmentFollower } from './follower.js';
import { Membership } from './membership.js';
import { SegmentMembers } from './segment-members.js';
import { SegmentMetrics } from './segment-metrics.js';
import { SegmentPredicates } from './segment-predicates.js';
import { SegmentPreview } from './segment-preview.js';
import { SegmentsController } from './segments.controller.js';
import { Segments } from './segments.js';

const FOLLOW_EVERY_MS = 500;
const REBUILD_EVERY_MS = 500;
const RECONCILE_EVERY_MS = 60_000;

@Module({
  imports: [SettingsModule, ScoringModule],
  controllers: [SegmentsController],
  providers: [Segments, SegmentMembers, SegmentPredicates, SegmentPreview, Membership, SegmentFollower, SegmentMetrics],
  exports: [Segments, SegmentMembers, SegmentPredicates, Membership],
})
export class SegmentsModule implements OnModuleInit {
  constructor(
    private readonly loops: Loops,
    private readonly follower: SegmentFollower,
    private readonly membership: Membership,
  ) {}

  onModuleInit(): void {
    this.loops.every('segments', FOLLOW_EVERY_MS, () => this.follower.follow());
    // Beside following: a whole evaluation may take many seconds.
    this.loops.every('segment-rebuilds', REBUILD_EVERY_MS, () => this.membership.rebuildRequested());
    this.loops.every('segment-reconciliation', RECONCILE_EVERY_MS, () => this.membership.reconcileDue());
  }
}
