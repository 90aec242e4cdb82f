-- Which rows that passed every gate come after the last place of their channel's budget, the worthiest first. A ghost send takes no
-- place, and is one only where a message would have had one: so both arms of a holdout have passed the same gates.
-- reads: timed (of decide-pool)
(select r.*, r.reason is null and :budgetRoom::bigint < r.holds::integer + count(*) filter (where r.reason is null and not r.holds)
    over (order by r.reason is null desc, coalesce(r.net_worth, 0) desc, r.user_id rows between unbounded preceding and current row) as over_budget
  from (
    select m.*, not :transactional::boolean and :holdoutBuckets::integer > 0
      and bucket_of(:holdoutSalt::text, m.client_id) < :holdoutBuckets::integer as holds
    from timed as m) as r)
