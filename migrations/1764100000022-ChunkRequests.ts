import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A throttle counts requests, one for each device, and so must what is held of it: of a chunk that is throttled, else null. */
export class ChunkRequests1764100000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table chunks add column requests integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table chunks drop column requests');
  }
}
