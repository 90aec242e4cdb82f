-- Waves of which every bucket is decided.
-- reads: wave_buckets, users   writes: waves
update waves as w
set decided_at = coalesce(:now::timestamptz, clock_timestamp())
where w.decided_at is null
  and exists (select from wave_buckets as b where b.wave_id = w.id)
  and not exists (select from wave_buckets as b where b.wave_id = w.id and b.decided_at is null)
  and (select coalesce(max(u.id), 0) >> 14 from users as u)
    <= (select max(b.bucket) from wave_buckets as b where b.wave_id = w.id)
returning w.id, (select r.month::text from runs as r where r.id = w.run_id) as month;
