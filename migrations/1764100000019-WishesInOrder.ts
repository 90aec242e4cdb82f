import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The crediting of opt-outs reads the whole log by its number now, since a subscription that is told late may change what follows it. */
export class WishesInOrder1764100000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop index subscription_log_opt_outs');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`create index subscription_log_opt_outs on subscription_log (id) where state = 'unsubscribed'`);
  }
}
