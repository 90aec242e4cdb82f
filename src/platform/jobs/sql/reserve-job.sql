-- Queued, under a lease that never runs out: nobody begins it before it is released.
-- writes: jobs
insert into jobs as j (type, payload, lease_until) values (:type, :payload::jsonb, 'infinity') returning j.id;
