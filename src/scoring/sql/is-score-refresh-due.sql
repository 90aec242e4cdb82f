-- Whether the scores want a refresh: the first as soon as there is a purchase, from then on once a night.
-- reads: score_refreshes, user_event_days
select case
  when not exists (select from score_refreshes) then exists (select from user_event_days where name = :purchaseEvent::text)
  else (select max(as_of) from score_refreshes) < :night::timestamptz
end as due
