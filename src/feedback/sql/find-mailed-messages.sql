-- Which of the named messages are mails that left or are leaving, with the address of their recipient as it is now.
-- reads: deliveries, users
select r.position, u.email, u.email_hash as "emailHash"
from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) with ordinality as r (month, user_id, id, position)
join deliveries as d on d.month = r.month and d.user_id = r.user_id and d.id = r.id
left join users as u on u.id = d.user_id
where d.channel = 'email' and d.state in ('queued', 'sent', 'unknown');
