-- writes: soft_bounces
delete from soft_bounces as b where b.occurred_at <= :before::timestamptz;
