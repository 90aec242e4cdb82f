-- The policy in force, if it is newer than the one at hand.
-- reads: fatigue_policies
select p.version, p.policy
from fatigue_policies as p
where p.version > :known::integer
order by p.version desc
limit 1;
