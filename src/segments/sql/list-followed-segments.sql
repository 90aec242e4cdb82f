-- reads: segments
select id, key, static, rule, rebuild_cause as "rebuildCause", turns_until as "turnsUntil" from segments order by id
