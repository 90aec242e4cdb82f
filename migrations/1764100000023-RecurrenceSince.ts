import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From when on a recurrence has occurrences, in whatever zone: its launch, or the last edit of its schedule. */
export class RecurrenceSince1764100000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table recurrences add column since timestamptz');
    await runner.query('update recurrences as q set since = c.launched_at from campaigns as c where c.id = q.campaign_id');
    await runner.query('alter table recurrences alter column since set not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table recurrences drop column since');
  }
}
