-- What a worker needs to know of a chunk's campaign, once for each lease.
-- reads: campaigns, runs, run_variants, topics
select c.id as "campaignId", c.name, c.definition, t.key as "topicKey", r.kind,
  coalesce((select jsonb_agg(jsonb_build_object('variant', v.variant, 'templateId', v.template_id::text,
    'version', v.template_version)) from run_variants as v where v.run_id = r.id), '[]'::jsonb) as variants
from runs as r
join campaigns as c on c.id = r.campaign_id
left join topics as t on t.id = c.topic_id
where r.id = :runId::bigint;
