-- reads: topics
select t.id from topics as t where t.key = :key;
