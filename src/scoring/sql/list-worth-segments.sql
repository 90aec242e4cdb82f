-- The segments that campaigns which ask for worth address: those need rates of their own.
-- reads: campaigns
select distinct k.key
from campaigns as c
cross join lateral jsonb_array_elements_text(c.definition -> 'audience' -> 'include') as k (key)
where c.definition -> 'worth' = 'true'::jsonb and c.status <> 'cancelled' and k.key <> 'everyone'
order by k.key
