-- How many buyers are scored and between which internal ids.
-- reads: user_scores
select count(*)::integer as users, coalesce(min(user_id), 0) as "firstId", coalesce(max(user_id), 0) as "lastId" from user_scores
