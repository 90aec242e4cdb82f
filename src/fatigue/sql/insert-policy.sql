-- The next version of the policy. Earlier ones stay: decisions refer to them.
-- writes: fatigue_policies
insert into fatigue_policies (version, policy, created_at, created_by)
select coalesce(max(p.version), 0) + 1, :policy::jsonb, coalesce(:now::timestamptz, clock_timestamp()), :createdBy::text
from fatigue_policies as p
returning version;
