-- The partitions of the ledger and of the terms of worth for runs that fall due at the instant.
-- writes: the partitions of deliveries and decision_worth, if they are not there yet
select ensure_month_partition('deliveries', m.month), ensure_month_partition('decision_worth', m.month)
from (select date_trunc('month', :dueAt::timestamptz at time zone 'UTC')::date as month) as m;
