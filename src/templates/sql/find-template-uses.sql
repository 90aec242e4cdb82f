-- Campaigns that keep a template: those still to send it by their definition, and those that ever sent a version of it.
-- reads: campaigns, runs, run_variants
select c.id, c.name, c.status::text as status,
  exists (select from run_variants as rv join runs as r on r.id = rv.run_id
    where rv.template_id = :id::bigint and r.campaign_id = c.id) as sent
from campaigns as c
where (c.status not in ('completed', 'cancelled')
    and jsonb_path_exists(c.definition, '$.variants[*] ? (@.template == $key)', jsonb_build_object('key', :key::text)))
  or exists (select from run_variants as rv join runs as r on r.id = rv.run_id
    where rv.template_id = :id::bigint and r.campaign_id = c.id)
order by c.id
limit 10;
