-- The bucket is decided on for these waves.
-- writes: wave_buckets
insert into wave_buckets as b (wave_id, bucket, decided_at)
select w.id, :bucket::integer, :now::timestamptz
from unnest(:waveIds::bigint[]) as w (id)
on conflict (wave_id, bucket) do update set decided_at = excluded.decided_at;
