-- One version of the policy, whether in force or not.
-- reads: fatigue_policies
select p.version, p.policy
from fatigue_policies as p
where p.version = :version::integer;
