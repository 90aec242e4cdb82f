-- What each variant of the run sends: the newest version of its template now, unless an earlier pass froze it.
-- reads: templates   writes: run_variants
insert into run_variants (run_id, variant, template_id, template_version)
select :runId::bigint, (k.ord - 1)::smallint, t.id, t.version
from unnest(:templates::text[]) with ordinality as k (key, ord)
join templates as t on t.key = k.key
on conflict (run_id, variant) do nothing;
