-- A new draft.
-- reads: topics   writes: campaigns
insert into campaigns (name, channel, transactional, topic_id, priority, definition, salt, created_at, updated_at)
select :name::text, :channel::channel, :transactional::boolean, (select t.id from topics as t where t.key = :topic::text),
  :priority::smallint, :definition::jsonb, :salt::text, i.now, i.now
from (select coalesce(:now::timestamptz, clock_timestamp()) as now) as i
returning id;
