-- writes: wave_buckets
insert into wave_buckets as b (wave_id, bucket, decided_at)
values (:waveId::bigint, :bucket::integer, :now::timestamptz)
on conflict (wave_id, bucket) do update set decided_at = excluded.decided_at;
