-- The messages that counted for a user when a row of the ledger was decided, the youngest last, into the session's history: what explain
-- counts is what its gates meet. at is null of one that was not settled then. Never in a pass, where the clock is no judge.
-- One instant is one pass. What the pass decided before the row ranks higher: by priority and campaign (list-due-waves.sql), not by id,
-- because a deferred row that is decided again keeps its own. Of campaigns that ask for worth the order is another for each user, and is
-- not kept: there the ids are the best that is known.
-- What has given its slot back since counts as it did: it is as it was decided, but for its end. What has been decided again since is known
-- no more, but for the one message that the row itself names.
-- reads: deliveries, campaigns, runs, topics   writes: pass_history (temporary)
with told as materialized (
  select d.id, d.decided_at, d.blocking_id, d.campaign_id, c.priority, c.definition @> '{"worth": true}' as worth
  from deliveries as d
  join campaigns as c on c.id = d.campaign_id
  where d.user_id = :userId::bigint and d.id = :decisionId::bigint
),
recalled as materialized (
  select d.id, d.month, d.campaign_id, d.channel, d.topic_id, d.decided_at = o.decided_at as this_pass,
    case when d.counted_at <= o.decided_at then d.counted_at end as at
  from told as o
  join deliveries as d on d.user_id = :userId::bigint and d.month >= :firstMonth::date
  left join campaigns as c on c.id = d.campaign_id
  left join runs as r on r.id = d.run_id
  cross join lateral (select o.worth or c.definition @> '{"worth": true}' as by_worth) as w
  where d.id = o.blocking_id or (
    (d.decided_at < o.decided_at or (d.decided_at = o.decided_at
      and (o.priority, case when w.by_worth then 0 else d.campaign_id end, d.id) < (c.priority, case when w.by_worth then 0 else o.campaign_id end, o.id)))
    and (d.counted_at > :horizon::timestamptz
      or (d.counted_at is null and r.kind = 'regular' and not c.transactional
        and ((d.settled_at >= o.decided_at and (d.chunk_id is not null or d.state = 'deferred'))
          or (d.reason = 'paused' and d.free_at >= o.decided_at)))))
),
kept as (
  insert into pass_history (user_id, id, campaign_id, channel, topic_id, at, this_pass)
  select :userId::bigint, m.id, m.campaign_id, m.channel, m.topic_id, coalesce(m.at, o.decided_at), m.this_pass
  from recalled as m
  cross join told as o
)
select m.month::text as month, m.id, m.channel, t.key as topic, m.at
from recalled as m
left join topics as t on t.id = m.topic_id
order by m.at nulls last, m.id;
