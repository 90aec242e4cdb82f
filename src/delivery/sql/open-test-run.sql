-- A run of kind test, with the newest version of each variant's template. It is complete from the start: nothing of the
-- campaign waits for it. The sequence number in the microseconds
-- before keeps two tests of one instant apart.
-- reads: templates   writes: runs, run_variants
with run as (
  insert into runs as r (campaign_id, scheduled_for, kind, month, expires_at, completed_at)
  select :campaignId::bigint, t.now - nextval('chunk_id_seq') % 1000 * interval '1 microsecond', 'test',
    date_trunc('month', t.now at time zone 'UTC')::date, t.now + interval '1 hour', t.now
  from (select date_trunc('milliseconds', coalesce(:now::timestamptz, clock_timestamp())) as now) as t
  returning r.id, r.month),
variants as (
  insert into run_variants (run_id, variant, template_id, template_version)
  select r.id, (k.ord - 1)::smallint, t.id, t.version
  from run as r, unnest(:templates::text[]) with ordinality as k (key, ord)
  join templates as t on t.key = k.key
  returning variant)
select r.id as "runId", r.month::text as month, (select count(*) from variants)::integer as variants from run as r;
