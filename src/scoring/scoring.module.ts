import { Module, type OnModuleInit } from '@nestjs/common';
import { EventsModule, IngestHooks } from '../events/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { Loops } from '../platform/loops/index.js';
import { SettingsModule } from '../settings/index.js';
import { ScoreFollower } from './score-follower.js';
import { ScoreRefresh } from './score-refresh.js';
import { REFRESH_JOB, ScoresController } from './scores.controller.js';
import { ScoreThreads } from './score-threads.js';
import { Scores } from './scores.js';

const CHECK_EVERY_MS = 15_000;
const FOLLOW_EVERY_MS = 1_000;

@Module({ imports: [SettingsModule, EventsModule], controllers: [ScoresController], providers: [Scores, ScoreRefresh, ScoreFollower, ScoreThreads], exports: [Scores, ScoreRefresh] })
export class ScoringModule implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly loops: Loops,
    private readonly refresh: ScoreRefresh,
    private readonly follower: ScoreFollower,
    private readonly hooks: IngestHooks,
  ) {}

  onModuleInit(): void {
    this.jobs.handle(REFRESH_JOB, (_, report) => this.refresh.run(report));
    this.loops.every('scores', CHECK_EVERY_MS, async () => {
      await this.refresh.runIfDue();
    });
    this.hooks.register((tx, accepted) => this.follower.mark(tx, accepted));
    this.loops.every('score-follower', FOLLOW_EVERY_MS, () => this.follower.follow());
  }
}
