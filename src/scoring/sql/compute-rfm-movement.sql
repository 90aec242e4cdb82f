-- How many buyers moved from which group to which between two instants; "from" is null for those whose first purchase came
-- in between. Nobody loses a purchase with time, so that "to" is never null.
-- reads: user_event_days, events, users
select w.rfm_group as "from", n.rfm_group as "to", count(*)::integer as users
from rfm_as_of(:purchaseEvent::text, :currency::text, :asOf::timestamptz) as n
join users as u on u.id = n.user_id
left join rfm_as_of(:purchaseEvent::text, :currency::text, :compareTo::timestamptz) as w on w.user_id = n.user_id
group by w.rfm_group, n.rfm_group
