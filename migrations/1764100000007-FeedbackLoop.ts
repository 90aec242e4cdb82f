import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A budget of messages with its price, the terms of worth by month, soft bounces by address. */
export class FeedbackLoop1764100000007 implements MigrationInterface {
  name = 'FeedbackLoop1764100000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [BUDGET, WORTH_BY_MONTH, BOUNCES]) await runner.query(part);
  }

  /** The reason `budget_spent` stays: Postgres takes no value out of an enum, and rows of the ledger may hold it. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(WORTH_IN_ONE);
    await runner.query('drop table soft_bounces; drop table message_budgets');
  }
}

const BUDGET = `
alter type delivery_reason add value 'budget_spent';

-- What has been taken of a channel's budget in one of its windows, and the price that worth asks while it lasts.
create table message_budgets (
  channel channel not null,
  starts_at timestamptz not null,
  admitted bigint not null default 0,
  recounted_at timestamptz,
  price float8 not null default 0,
  tie_buckets smallint not null default 0,
  demand float8 not null default 0,
  priced_at timestamptz,
  priced_waves bigint[] not null default '{}',
  primary key (channel, starts_at));
`;

const TERMS = `
  month date not null,
  user_id bigint not null references users (id) on delete cascade,
  run_id bigint not null,
  campaign_id bigint not null,
  channel channel not null,
  entry bigint not null default 0,
  decided_at timestamptz not null,
  segment text,
  messages integer not null,
  opens integer not null,
  conversions integer not null,
  incrementality float8 not null,
  conversion_rate float8 not null,
  open_rate float8 not null,
  conversion_value float8 not null,
  conversion_gain float8 not null,
  open_gain float8 not null,
  hazard float8 not null,
  keep_value float8 not null,
  cost float8 not null,
  net_worth float8 not null`;
const COLUMNS = `month, user_id, run_id, campaign_id, channel, entry, decided_at, segment, messages, opens, conversions, incrementality,
  conversion_rate, open_rate, conversion_value, conversion_gain, open_gain, hazard, keep_value, cost, net_worth`;

// Whole months are dropped when they are too old to explain: a delete of millions of rows would write as much again.
const WORTH_BY_MONTH = `
alter table decision_worth rename to decision_worth_before;
alter index decision_worth_pkey rename to decision_worth_before_pkey;
create table decision_worth (${TERMS},
  price float8 not null default 0,
  primary key (user_id, month, run_id, channel, entry)) partition by range (month);
select ensure_month_partition('decision_worth', m.month) from (
  select distinct month from decision_worth_before
  union select distinct month from runs where kind = 'regular') as m;
insert into decision_worth (${COLUMNS}) select ${COLUMNS} from decision_worth_before;
drop table decision_worth_before;
`;

const WORTH_IN_ONE = `
alter table decision_worth rename to decision_worth_before;
alter index decision_worth_pkey rename to decision_worth_before_pkey;
create table decision_worth (${TERMS}, primary key (user_id, month, run_id, channel, entry));
insert into decision_worth (${COLUMNS}) select ${COLUMNS} from decision_worth_before;
drop table decision_worth_before;
`;

const BOUNCES = `
-- Mails to an address that came back and may pass next time: counted by address, because people share and change theirs.
create table soft_bounces (
  address_hash bytea not null,
  month date not null,
  user_id bigint not null references users (id) on delete cascade,
  delivery_id bigint not null,
  occurred_at timestamptz not null,
  primary key (address_hash, month, user_id, delivery_id));
create index soft_bounces_user on soft_bounces (user_id);
create index soft_bounces_age on soft_bounces (occurred_at);
`;
