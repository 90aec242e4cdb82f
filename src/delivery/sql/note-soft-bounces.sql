-- Notes that the mail server would not take mails for the mailbox's sake and may take the next: one row a mail. Whoever was erased
-- meanwhile is left out, and held until the end of the transaction like everybody else.
-- reads: users  writes: soft_bounces
with held as materialized (
  select u.id from users as u where u.id = any (:userIds::bigint[]) order by u.id for key share)
insert into soft_bounces (address_hash, month, user_id, delivery_id, occurred_at)
select g.hash, :month::date, g.user_id, g.id, coalesce(:now::timestamptz, clock_timestamp())
from unnest(:hashes::bytea[], :userIds::bigint[], :ids::bigint[]) as g (hash, user_id, id)
join held as h on h.id = g.user_id
order by 1, 2, 3, 4
on conflict do nothing;
