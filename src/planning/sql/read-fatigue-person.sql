-- One person as the fatigue policy sees them; unopened as in decide-pool (streaks).
-- reads: users, segment_members, segments, deliveries, message_facts
select u.id, coalesce(u.zone, :defaultZone::text) as zone,
  array(select s.key from segment_members as m join segments as s on s.id = m.segment_id where m.user_id = u.id) as segments,
  p.push as "unopenedPush", p.email as "unopenedEmail"
from users as u
cross join lateral (
  select (count(*) filter (where d.channel = 'push'))::integer as push, (count(*) filter (where d.channel = 'email'))::integer as email
  from deliveries as d
  where d.user_id = u.id and d.counted_at is not null and d.state = 'sent' and d.settled_at <= :at::timestamptz - interval '24 hours'
    and d.settled_at > coalesce((
      select max(e.settled_at)
      from message_facts as f
      join deliveries as e on e.month = f.month and e.user_id = f.user_id and e.id = f.delivery_id
      where f.user_id = u.id and f.channel = d.channel
        and case when f.channel = 'email' then f.clicked_at else f.opened_at end is not null), '-infinity')) as p
where u.user_id = :userId;
