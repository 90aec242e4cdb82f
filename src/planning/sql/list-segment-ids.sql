-- reads: segments
select s.key, s.id from segments as s where s.key = any (:keys::text[]);
