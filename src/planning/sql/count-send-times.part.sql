-- Messages and answers by local hour of the week (0: Monday 00:00), of everybody and of the audience, in the 90 days before.
-- reads: deliveries, users, message_facts
select (extract(isodow from t.local)::integer - 1) * 24 + extract(hour from t.local)::integer as how,
  count(*)::integer as sent, (count(*) filter (where t.answered))::integer as answered,
  (count(*) filter (where t.inside))::integer as "audienceSent", (count(*) filter (where t.inside and t.answered))::integer as "audienceAnswered"
from (
  select d.settled_at at time zone z.rules as local, (__AUDIENCE__) as inside,
    coalesce(case when d.channel = 'email' then f.clicked_at else f.opened_at end <= :now::timestamptz, false) as answered
  from deliveries as d
  join users as u on u.id = d.user_id
  join unnest(:zones::text[], :rules::text[]) as z (zone, rules) on z.zone = coalesce(u.zone, :defaultZone::text)
  left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
  where d.state = 'sent' and d.channel = :channel::channel and d.counted_at is not null
    and d.settled_at <= :now::timestamptz and d.settled_at > :now::timestamptz - interval '90 days') as t
group by 1
