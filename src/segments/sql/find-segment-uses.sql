-- What stands in the way of deleting a segment: open campaigns, other segments, tiers of the policy in force.
-- reads: campaigns, segments, fatigue_policies
select 'campaign ' || c.id || ' (' || c.name || ')' as "usedBy"
from campaigns c
where c.status not in ('completed', 'cancelled')
  and (c.definition #> '{audience,include}' @> to_jsonb(:key::text) or c.definition #> '{audience,exclude}' @> to_jsonb(:key::text)
    or c.definition #>> '{schedule,segment}' = :key::text)
union all
select 'segment ' || s.key
from segments s
where jsonb_path_exists(s.rule, '$.** ? (@.segment == $key)', jsonb_build_object('key', :key::text))
union all
select 'the tiers of the fatigue policy'
from fatigue_policies p
where p.version = (select max(version) from fatigue_policies)
  and p.policy -> 'tiers' @> jsonb_build_array(jsonb_build_object('segment', :key::text))
limit 20
