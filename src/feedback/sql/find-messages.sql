-- Which of the named messages left or are leaving.
-- reads: deliveries
select r.position, d.channel, d.settled_at as "settledAt", d.decided_at as "decidedAt"
from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) with ordinality as r (month, user_id, id, position)
join deliveries as d on d.month = r.month and d.user_id = r.user_id and d.id = r.id
where d.state in ('queued', 'sent', 'unknown');
