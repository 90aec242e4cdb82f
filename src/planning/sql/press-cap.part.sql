-- Of decide-pool.part.sql (pressed), once for each cap of the wave; __N__ is its place, from 1.
-- reads: recent
or count(*) filter (where h.at >= (:capsFrom::timestamptz[])[__N__]
  and ((:capTopics::integer[])[__N__] is null or h.topic_id = (:capTopics::integer[])[__N__])) >= (:leastLimits::integer[])[__N__]
