-- writes: jobs
insert into jobs as j (type, payload) values (:type, :payload::jsonb) returning j.id;
