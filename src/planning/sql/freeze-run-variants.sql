-- What each variant of the run sends: the newest version of its template now, or what an earlier pass froze.
-- reads: templates   writes: run_variants
with frozen as (
  insert into run_variants as v (run_id, variant, template_id, template_version)
  select :runId::bigint, (k.ord - 1)::smallint, t.id, t.version
  from unnest(:templates::text[]) with ordinality as k (key, ord)
  join templates as t on t.key = k.key
  on conflict (run_id, variant) do update set template_version = v.template_version
  returning v.variant, v.template_version)
select f.template_version as version from frozen as f order by f.variant;
