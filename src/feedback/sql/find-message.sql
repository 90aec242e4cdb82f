-- One message that left or is leaving.
-- reads: deliveries
select d.channel, d.settled_at as "settledAt", d.decided_at as "decidedAt"
from deliveries as d
where d.month = :month::date and d.user_id = :userId::bigint and d.id = :id::bigint and d.state in ('queued', 'sent', 'unknown');
