-- The new definition of a campaign whose row is locked.
-- reads: topics   writes: campaigns
update campaigns as c
set name = :name, channel = :channel::channel, transactional = :transactional::boolean,
    topic_id = (select t.id from topics as t where t.key = :topic::text), priority = :priority::smallint,
    definition = :definition::jsonb, updated_at = :now::timestamptz
where c.id = :id::bigint;
