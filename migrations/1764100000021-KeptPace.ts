import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A message for several devices under a slow throttle needs time free before it, not only after it. That some of the time before next_at
 * is kept must be known to all workers: else each message for one device would take the instant for which the other one waits.
 */
export class KeptPace1764100000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table campaign_pace add column kept_ms double precision not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table campaign_pace drop column kept_ms');
  }
}
