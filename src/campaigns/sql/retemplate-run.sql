-- Another template for variants whose template an open run already froze: the newest version of the one now named.
-- reads: templates, runs   writes: run_variants
update run_variants as v
set template_id = t.id, template_version = t.version
from runs as r, unnest(:templates::text[]) with ordinality as k (key, ord)
join templates as t on t.key = k.key
where r.campaign_id = :campaignId::bigint and r.kind = 'regular' and r.completed_at is null
  and v.run_id = r.id and v.variant = k.ord - 1 and v.template_id <> t.id;
