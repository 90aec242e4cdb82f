-- A campaign by the segments its people were in at the moment of the decision. Somebody in two segments stands in both, so these
-- rows do not add up to the campaign.
-- reads: deliveries, runs, segment_stays, segments, message_facts, conversions
with credit as (
  select c.month, c.user_id, c.delivery_id as id,
    sum(case when coalesce(c.currency, :currency::text) = :currency::text then coalesce(c.value, 0) else 0 end) as revenue
  from conversions as c
  where c.campaign_id = :campaignId::bigint
  group by c.month, c.user_id, c.delivery_id)
select s.key as segment, count(*)::integer as audience,
  (count(*) filter (where d.state = 'sent'))::integer as sent,
  (count(*) filter (where d.state = 'held_out'))::integer as holdout,
  (count(*) filter (where d.state = 'suppressed'))::integer as suppressed,
  count(f.delivered_at)::integer as delivered, count(f.opened_at)::integer as opened, count(f.clicked_at)::integer as clicked,
  count(f.unsubscribed_at)::integer as unsubscribed, count(c.id)::integer as converted, coalesce(sum(c.revenue), 0)::float8 as revenue
from deliveries as d
join segment_stays as m on m.user_id = d.user_id and m.from_at <= d.decided_at and d.decided_at < m.to_at
join segments as s on s.id = m.segment_id
left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
left join credit as c on c.month = d.month and c.user_id = d.user_id and c.id = d.id
where d.campaign_id = :campaignId::bigint
  and d.run_id = any (array(select r.id from runs as r where r.campaign_id = :campaignId::bigint and r.kind = 'regular'
    and (:runId::bigint is null or r.id = :runId::bigint)))
group by s.key
order by s.key;
