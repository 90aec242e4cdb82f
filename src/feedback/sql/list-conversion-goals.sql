-- Which of these event names some campaign counts as its success.
-- reads: campaigns
select distinct c.definition->'conversion'->>'event' as name
from campaigns as c
where c.definition->'conversion'->>'event' = any (:names::text[]) and c.status <> 'draft';
