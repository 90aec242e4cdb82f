-- Takes messages out of a channel's budget: in the transaction that admits them, under the budget's lock.
-- writes: message_budgets
insert into message_budgets as b (channel, starts_at, admitted)
values (:channel::channel, :startsAt::timestamptz, :messages::bigint)
on conflict (channel, starts_at) do update set admitted = b.admitted + excluded.admitted;
