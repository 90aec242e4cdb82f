-- Frees addresses that only an erasure suppressed, for users who have since said in so many words that they want mail.
-- reads: users
-- writes: suppressions
with wanted as (
  select u.email_hash, max(g."occurredAt") as at
  from jsonb_to_recordset(:granted::jsonb) as g ("userId" bigint, "occurredAt" timestamptz)
  join users as u on u.id = g."userId"
  where u.email_hash is not null
  group by u.email_hash),
freed as materialized (
  select s.address_hash
  from suppressions as s
  join wanted as w on w.email_hash = s.address_hash
  where s.reason = 'erased' and s.created_at <= w.at
  order by s.address_hash
  for update of s)
delete from suppressions as s using freed as f where s.address_hash = f.address_hash;
