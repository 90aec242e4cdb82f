-- The refresh that the stored scores come from.
-- reads: score_refreshes
select id, as_of as "asOf", users, purchase_event as "purchaseEvent", currency, models, grid
from score_refreshes order by id desc limit 1
