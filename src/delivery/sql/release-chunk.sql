-- Gives a chunk back: closed when nothing of it is queued any more, else free for the next worker after a rest, taken in the
-- database's time: a worker whose clock is wrong must not put a chunk to sleep for a day.
-- reads: deliveries   writes: chunks
update chunks as k
set lease_owner = null, lease_until = null,
    not_before = greatest(k.not_before,
      coalesce(:now::timestamptz, clock_timestamp()) + :restMs::double precision * interval '1 millisecond'),
    closed_at = case when not exists (
      select from deliveries as d where d.month = k.month and d.chunk_id = k.id and d.state = 'queued')
      then clock_timestamp() end
where k.id = :chunkId::bigint and k.fence = :fence::integer and k.closed_at is null
returning k.closed_at is not null as closed;
