-- The topics of the preference page.
-- reads: topics
select t.key, t.name from topics as t where t.listed order by t.key;
