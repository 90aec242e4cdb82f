-- Counts the verdicts on those who are not asked. Twins: take-verdicts.part.sql, record-barred.part.sql.
-- reads: met, barred (of split-pool.part.sql)
select s.size, v.state, v.reason, v.variant, v."messagesIn7d", v.n, null::timestamptz as "freeFrom", 0::float8 as "netWorth", 0 as displaced
from (select count(*)::integer as size from met as m) as s
left join (
  select b.state, b.why as reason, b.variant, least(b.messages, 50)::integer as "messagesIn7d", count(*)::integer as n
  from barred as b
  group by b.state, b.why, b.variant, least(b.messages, 50)) as v on true
