-- Whom a link of a mail belongs to. Anchored at the person and not at the message: an unsubscribe link works for as long as there is
-- anybody to unsubscribe, also when the message's row is long gone (then for the whole channel).
-- reads: users, deliveries, topics
select :month::date::text as month, u.id::text as "internalId", :id::bigint::text as id, coalesce(d.channel, 'email') as channel,
  t.key as topic, t.name as "topicName", u.user_id as "userId", coalesce(u.locale, u.device_locale) as locale
from users as u
left join deliveries as d on d.month = :month::date and d.user_id = u.id and d.id = :id::bigint
left join topics as t on t.id = d.topic_id
where u.id = :userId::bigint;
