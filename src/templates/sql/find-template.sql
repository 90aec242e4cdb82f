-- Id, channel and newest version behind a key.
-- reads: templates
select t.id, t.key, t.channel, t.version
from templates as t
where t.key = :key::text;
