-- A page of refreshes, the newest first, with the models that each fitted.
-- reads: score_refreshes
select id, as_of as "asOf", finished_at as "finishedAt", users, purchase_event as "purchaseEvent", currency, models, cuts
from score_refreshes
where :before::bigint is null or id < :before::bigint
order by id desc limit :limit::int
