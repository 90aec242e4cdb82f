-- A page of suppressed addresses in the order of their hashes.
-- reads: suppressions
select s.address_hash as "hash", s.email, s.reason, s.created_at as "createdAt"
from suppressions as s
where s.address_hash > coalesce(:after::bytea, '')
order by s.address_hash
limit :limit::int;
