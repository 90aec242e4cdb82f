-- Which of the addresses keep bouncing: of the mails of the last 30 days to the address, whoever they were for, since the last one
-- that is known to have arrived, five came back, or three over at least 72 hours. One full mailbox on one evening is neither.
-- reads: soft_bounces, message_facts, users
with named as (
  select distinct h.hash from unnest(:hashes::bytea[]) as h (hash)),
arrived as (
  select n.hash, max(f.delivered_at) as at
  from named as n
  join users as u on u.email_hash = n.hash
  join message_facts as f on f.user_id = u.id and f.channel = 'email'
  group by n.hash)
select (select u.email from users as u where u.email_hash = n.hash limit 1) as email, n.hash as "emailHash"
from named as n
join soft_bounces as b on b.address_hash = n.hash
left join arrived as a on a.hash = n.hash
where b.occurred_at > :now::timestamptz - interval '30 days' and b.occurred_at > coalesce(a.at, '-infinity')
group by n.hash
having count(*) >= 5 or (count(*) >= 3 and max(b.occurred_at) - min(b.occurred_at) >= interval '72 hours');
