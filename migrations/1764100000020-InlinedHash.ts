import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Put into the statement that asks, bucket_of costs 0.8 µs; called as a function, 3.7 µs. A function that is declared IMMUTABLE is only
 * ever called, because PostgreSQL holds convert_to in its body for STABLE: the name of an encoding could be given another conversion.
 */
export class InlinedHash1764100000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter function bucket_of(text, text) stable');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter function bucket_of(text, text) immutable');
  }
}
