import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A wave is of all the zones to which it comes at its instant, not of one: zones that share a due instant are decided together. Null: of
 * everybody. That no zone is in two waves of a run (and slot) cannot be a unique index any more: schedulers add zones one at a time.
 */
export class WaveZones1764100000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table waves add column zones text[]');
    await runner.query('update waves set zones = array[zone] where zone is not null');
    await runner.query('drop index waves_zone');
    await runner.query('alter table waves drop column zone');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table waves add column zone text');
    // One wave can keep one zone alone; the others of a wave that is still open are added again as new ones.
    await runner.query('update waves set zone = zones[1]');
    await runner.query('create unique index waves_zone on waves (run_id, zone, coalesce(slot, -1)) where zone is not null');
    await runner.query('alter table waves drop column zones');
  }
}
