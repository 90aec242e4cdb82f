-- reads: topics
select t.id, t.key, t.name, t.listed from topics as t where t.key = :key;
