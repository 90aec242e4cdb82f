-- One occurrence of a campaign with its one wave. Unique on (campaign, due instant): launched twice, it is still one.
-- writes: runs, waves
with run as (
  insert into runs (campaign_id, scheduled_for, month, expires_at, created_at)
  select :campaignId::bigint, i.due, date_trunc('month', i.due at time zone 'UTC')::date,
    i.due + :expiresAfterMs::double precision * interval '1 millisecond', :now::timestamptz
  from (select :dueAt::timestamptz as due) as i
  returning id, campaign_id, scheduled_for)
insert into waves (run_id, campaign_id, due_at)
select r.id, r.campaign_id, r.scheduled_for from run as r;
