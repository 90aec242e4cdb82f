-- One occurrence of a campaign with its waves. Unique on (campaign, due instant): made twice, it is still one. A missed one is only
-- put on record: complete from the start, with no wave.
-- writes: runs, waves
with run as (
  insert into runs (campaign_id, scheduled_for, local_at, month, expires_at, created_at, missed, completed_at)
  select :campaignId::bigint, :scheduledFor::timestamptz, :localAt::timestamptz,
    date_trunc('month', :scheduledFor::timestamptz at time zone 'UTC')::date,
    :lastDueAt::timestamptz + :expiresAfterMs::double precision * interval '1 millisecond', :now::timestamptz,
    :missed::boolean, case when :missed::boolean then :now::timestamptz end
  on conflict (campaign_id, scheduled_for, kind) do nothing
  returning id, campaign_id)
insert into waves (run_id, campaign_id, due_at, expires_at, zones, slot, passed)
select r.id, r.campaign_id, w."dueAt", w."dueAt" + :expiresAfterMs::double precision * interval '1 millisecond', w.zones, w.slot, w.passed
from run as r, jsonb_to_recordset(:waves::jsonb) as w ("dueAt" timestamptz, zones text[], slot smallint, passed boolean)
where not :missed::boolean;
