-- Takes marks away, of at most so many purchases; what is read after this statement in the same transaction includes them.
-- writes: score_marks
with taken as (
  delete from score_marks where ctid = any (array(select m.ctid from score_marks as m limit :limit::int)) returning user_id)
select distinct t.user_id as id from taken as t order by 1
