import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A key's row is its answer, written with the work that it answers: there is no row of a request that still runs any more. */
export class IdempotentAnswers1764100000005 implements MigrationInterface {
  name = 'IdempotentAnswers1764100000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('delete from idempotency_keys where status is null or body is null');
    await runner.query('alter table idempotency_keys alter column status set not null, alter column body set not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table idempotency_keys alter column status drop not null, alter column body drop not null');
  }
}
