-- Another template for variants whose template a run already froze: the newest version of the one now named.
-- reads: templates   writes: run_variants
update run_variants as v
set template_id = t.id, template_version = t.version
from unnest(:templates::text[]) with ordinality as k (key, ord)
join templates as t on t.key = k.key
where v.run_id = :runId::bigint and v.variant = k.ord - 1 and v.template_id <> t.id;
