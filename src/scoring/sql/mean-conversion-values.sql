-- What one conversion event of each name is worth on average, in the settings' currency: of purchases and of every event that a
-- campaign counts as its conversion.
-- reads: campaigns, user_event_days
select d.name as event, (sum(d.sum) / sum(d.count))::float8 as value
from user_event_days as d
where d.currency in ('', :currency::text)
  and d.name in (select :purchaseEvent::text union select c.definition -> 'conversion' ->> 'event' from campaigns as c)
group by d.name
having sum(d.count) > 0
