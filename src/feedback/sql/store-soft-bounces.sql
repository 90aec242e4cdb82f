-- Notes that mails to addresses came back and may pass next time: one row a mail, at the first bounce that was told of it. Runs after
-- message_events has them, whose instants are moved into [sent, received].
-- reads: message_events   writes: soft_bounces
insert into soft_bounces as b (address_hash, month, user_id, delivery_id, occurred_at)
select g.hash, g.month, g.user_id, g.id, min(e.occurred_at)
from unnest(:hashes::bytea[], :months::date[], :userIds::bigint[], :ids::bigint[]) as g (hash, month, user_id, id)
join message_events as e on e.month = g.month and e.user_id = g.user_id and e.delivery_id = g.id
  and e.type = 'bounced' and not e.machine and e.source = 'mail-server-soft'
group by g.hash, g.month, g.user_id, g.id
order by g.hash, g.month, g.user_id, g.id
on conflict (address_hash, month, user_id, delivery_id) do update set occurred_at = least(b.occurred_at, excluded.occurred_at);
