-- The run of one UTC day of a triggered campaign, with its one wave, decided from the start: entries bring their own due instants.
-- reads: campaigns   writes: runs, waves
with run as (
  insert into runs (campaign_id, scheduled_for, month, expires_at, created_at)
  select c.id, d.day, date_trunc('month', d.day at time zone 'UTC')::date, d.day + interval '1 day'
    + :expiresAfterMs::double precision * interval '1 millisecond', coalesce(:now::timestamptz, clock_timestamp())
  from campaigns as c, (select date_trunc('day', :day::timestamptz, 'UTC') as day) as d
  where c.id = :campaignId::bigint
  on conflict (campaign_id, scheduled_for, kind) do nothing
  returning id, campaign_id, scheduled_for)
insert into waves (run_id, campaign_id, due_at, decided_at)
select r.id, r.campaign_id, r.scheduled_for, r.scheduled_for from run as r;
