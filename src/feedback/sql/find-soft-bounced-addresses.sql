-- Which of the people have an address that keeps bouncing: of their mails of the last 30 days, since the last one that is known to have
-- arrived, five came back, or three over at least 72 hours. One full mailbox on one evening is neither.
-- reads: message_events, message_facts, users
with bounce as (
  select e.user_id, min(e.occurred_at) as occurred_at
  from message_events as e
  where e.user_id = any (:userIds::bigint[]) and e.type = 'bounced' and e.source = 'mail-server-soft'
    and e.month = any (:months::date[])
    and e.occurred_at > :now::timestamptz - interval '30 days'
    and e.occurred_at > coalesce((
      select max(f.delivered_at) from message_facts as f where f.user_id = e.user_id and f.channel = 'email'), '-infinity')
  group by e.user_id, e.month, e.delivery_id)
select u.email, u.email_hash as "emailHash"
from bounce as b
join users as u on u.id = b.user_id
where u.email_hash is not null
group by u.id, u.email, u.email_hash
having count(*) >= 5 or (count(*) >= 3 and max(b.occurred_at) - min(b.occurred_at) >= interval '72 hours');
