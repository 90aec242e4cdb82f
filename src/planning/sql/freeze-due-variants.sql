-- What each variant of every run that is due sends, where no pass has frozen it yet. Outside the pass's transaction: rows of a run are
-- common to all of its buckets, and a pass that held them would hold up the others.
-- reads: waves, runs, campaigns, trigger_entries, templates   writes: run_variants
insert into run_variants (run_id, variant, template_id, template_version)
select d.run_id, (k.ord - 1)::smallint, t.id, t.version
from (
  select w.run_id, c.definition
  from waves as w
  join campaigns as c on c.id = w.campaign_id
  where w.decided_at is null and w.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status in ('scheduled', 'running')
  union
  select r.id, c.definition
  from trigger_entries as e
  join campaigns as c on c.id = e.campaign_id
  join runs as r on r.campaign_id = e.campaign_id and r.kind = 'regular' and r.scheduled_for = date_trunc('day', e.due_at, 'UTC')
  where e.decided_at is null and e.due_at <= coalesce(:now::timestamptz, clock_timestamp()) and c.status = 'running') as d
cross join lateral jsonb_array_elements(d.definition -> 'variants') with ordinality as k (variant, ord)
join templates as t on t.key = k.variant ->> 'template'
where not exists (select from run_variants as v where v.run_id = d.run_id)
on conflict (run_id, variant) do nothing;
