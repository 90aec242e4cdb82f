import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The entry is null where there is none: so it takes no room in the row, nor in the index that makes a row unique. Sixteen bytes are the
 * widest key whose pages Postgres fills whatever the order of the buckets: a page that ascending keys reach the end of is split behind
 * them up to that width, and in its middle for wider keys. What all rows of a run are found by is an index of its own, of equal keys.
 */
const NARROWER = `
lock table deliveries in access exclusive mode;
alter table deliveries drop constraint deliveries_pkey;
alter table deliveries alter column entry drop not null, alter column entry drop default;
alter table deliveries alter column entry type bigint using nullif(entry, 0);
create unique index deliveries_decided on deliveries (run_id, month, user_id) where entry is null;
create unique index deliveries_entered on deliveries (run_id, month, user_id, entry) where entry is not null;
create index deliveries_run on deliveries (run_id);
`;

const WIDER = `
lock table deliveries in access exclusive mode;
drop index deliveries_decided, deliveries_entered, deliveries_run;
alter table deliveries alter column entry type bigint using coalesce(entry, 0);
alter table deliveries alter column entry set default 0, alter column entry set not null, add primary key (run_id, month, user_id, entry);
`;

/** The ledger's rows are written anew, in their order, a month at a time: some minutes for ten million, in which nothing is sent. */
export class LedgerBytes1764100000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NARROWER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(WIDER);
  }
}
