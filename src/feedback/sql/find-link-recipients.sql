-- Whom links of mails belong to. Anchored at the person and not at the message: an unsubscribe link works for as long as there is
-- anybody to unsubscribe, also when the message's row is long gone (then for the whole channel).
-- reads: users, deliveries, topics
select r.position, r.month::text as month, u.id::text as "internalId", r.id::text as id, coalesce(d.channel, 'email') as channel,
  t.key as topic, t.name as "topicName", u.user_id as "userId", coalesce(u.locale, u.device_locale) as locale
from unnest(:months::date[], :userIds::bigint[], :ids::bigint[]) with ordinality as r (month, user_id, id, position)
join users as u on u.id = r.user_id
left join deliveries as d on d.month = r.month and d.user_id = u.id and d.id = r.id
left join topics as t on t.id = d.topic_id;
