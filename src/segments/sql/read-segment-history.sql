-- Entries and exits of each UTC day from the day of :from to the day before or of :to, days without any included.
-- reads: segment_changes
select d.day::date::text as date,
  (count(c.id) filter (where c.entered))::integer as entered, (count(c.id) filter (where not c.entered))::integer as exited
from generate_series(date_trunc('day', :from::timestamptz, 'UTC'), :to::timestamptz - interval '1 microsecond', interval '1 day') as d (day)
left join segment_changes c on c.segment_id = :id::bigint and c.at >= greatest(d.day, :from::timestamptz)
  and c.at < least(d.day + interval '1 day', :to::timestamptz)
group by d.day
order by d.day
