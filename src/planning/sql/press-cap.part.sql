-- Of decide-pool.part.sql (pressed), for each cap of the wave: whether a user may be over it; __N__ is its place, from 1.
-- reads: recent
-- SELECT: each is looked up once, not for each message.
count(*) filter (where h.at >= (select (:capsFrom::timestamptz[])[__N__])
  and ((select (:capTopics::integer[])[__N__]) is null or h.topic_id = (select (:capTopics::integer[])[__N__]))) >= (:leastLimits::integer[])[__N__]
