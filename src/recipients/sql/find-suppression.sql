-- reads: suppressions
select s.address_hash as "hash", s.email, s.reason, s.created_at as "createdAt"
from suppressions as s where s.address_hash = :hash;
