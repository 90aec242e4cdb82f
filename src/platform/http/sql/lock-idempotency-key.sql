-- Whether the first request under a key may begin here. Held until the end of the transaction: a request whose process or
-- connection dies holds it no longer, so no time-out has to be waited for.
-- reads: nothing (advisory locks)
select pg_try_advisory_xact_lock(hashtextextended('idempotency-key ' || :caller::text || ' ' || :key::text, 0)) as locked;
