-- reads: topics
select t.key, t.id from topics as t;
