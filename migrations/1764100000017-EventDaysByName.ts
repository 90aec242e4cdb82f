import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One index for both ways to the aggregates: every rule and score asks for an event by its name, of all users or of some. The second index,
 * by name and user, cost an event a tenth of its time. Erasure and the export of one user go by the few names that there are.
 */
export class EventDaysByName1764100000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table user_event_days drop constraint user_event_days_pkey, add primary key (name, user_id, day, currency);
      drop index user_event_days_name;
      -- The few names that there are, one after the other, instead of the whole index: what a look-up by user alone begins with.
      create function event_names() returns setof text language sql stable parallel safe as $$
        with recursive names as (
          (select d.name from user_event_days as d order by d.name limit 1)
          union all
          select (select d.name from user_event_days as d where d.name > n.name order by d.name limit 1) from names as n where n.name is not null)
        select n.name from names as n where n.name is not null
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function event_names;
      alter table user_event_days drop constraint user_event_days_pkey, add primary key (user_id, name, day, currency);
      create index user_event_days_name on user_event_days (name, user_id);
    `);
  }
}
