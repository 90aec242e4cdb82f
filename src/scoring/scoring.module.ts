import { Module, type OnModuleInit } from '@nestjs/common';
import { Jobs } from '../platform/jobs/index.js';
import { Loops } from '../platform/loops/index.js';
import { SettingsModule } from '../settings/index.js';
import { ScoreRefresh } from './score-refresh.js';
import { REFRESH_JOB, ScoresController } from './scores.controller.js';
import { ScoreThreads } from './score-threads.js';
import { Scores } from './scores.js';

const CHECK_EVERY_MS = 15_000;

@Module({ imports: [SettingsModule], controllers: [ScoresController], providers: [Scores, ScoreRefresh, ScoreThreads], exports: [Scores, ScoreRefresh] })
export class ScoringModule implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly loops: Loops,
    private readonly refresh: ScoreRefresh,
  ) {}

  onModuleInit(): void {
    this.jobs.handle(REFRESH_JOB, (_, report) => this.refresh.run(report));
    this.loops.every('scores', CHECK_EVERY_MS, async () => {
      await this.refresh.runIfDue();
    });
  }
}
