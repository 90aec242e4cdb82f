-- From here on the slice's queued members are `sending`: committed before the first request goes out.
-- writes: slices
insert into slices as s (chunk_id, month, campaign_id, fence, first_id, last_id, size, lease_until)
values (:chunkId::bigint, :month::date, :campaignId::bigint, :fence::integer, :firstId::bigint, :lastId::bigint, :size::integer,
  clock_timestamp() + :leaseMs::integer * interval '1 millisecond')
returning s.id;
