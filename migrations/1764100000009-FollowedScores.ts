import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What scores need to follow purchases between two refreshes: who bought, and the yardstick of the last refresh. */
export class FollowedScores1764100000009 implements MigrationInterface {
  name = 'FollowedScores1764100000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
-- Users with a purchase since their scores were computed, once for each batch. Only ever appended to by ingest, so that marking
-- neither waits nor deadlocks; emptied by the one follower. No key and no index: rows live for a second.
create table score_marks (
  user_id bigint not null)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 20000);

-- purchase_event and currency: what the refresh counted as a purchase; null in rows of an older release, which makes one due.
-- cuts: for each of the three scores the greatest value that scored 1, 2, 3 and 4. grid: the cells of the RFM grid.
alter table score_refreshes
  add column purchase_event text,
  add column currency text,
  add column cuts jsonb not null default '{}',
  add column grid jsonb not null default '[]';
`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
drop table score_marks;
alter table score_refreshes drop column purchase_event, drop column currency, drop column cuts, drop column grid;
`);
  }
}
