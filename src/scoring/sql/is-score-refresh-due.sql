-- Whether the scores want a refresh: the first as soon as there is a purchase, from then on once a night, and at once when
-- another event or currency has been made the purchase.
-- reads: score_refreshes, user_event_days
select coalesce((
  select r.as_of < :night::timestamptz or (r.purchase_event, r.currency) is distinct from (:purchaseEvent::text, :currency::text)
  from score_refreshes as r order by r.id desc limit 1),
  exists (select from user_event_days where name = :purchaseEvent::text)) as due
