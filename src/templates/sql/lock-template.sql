-- Holds a template against a new version and a run's reference to it while it is looked at for deletion.
-- reads: templates
select t.id
from templates as t
where t.key = :key::text
for update;
