-- Which of the named topics, segments and templates (of the channel) are not there.
-- reads: topics, segments, templates
select 'topic' as kind, k.key, null as channel
from unnest(:topics::text[]) as k (key)
where not exists (select from topics as t where t.key = k.key)
union all
select 'segment', k.key, null
from unnest(:segments::text[]) as k (key)
where k.key <> 'everyone' and not exists (select from segments as s where s.key = k.key)
union all
select 'template', k.key, t.channel::text
from unnest(:templates::text[]) as k (key)
left join templates as t on t.key = k.key
where t.id is null or t.channel <> :channel::channel;
