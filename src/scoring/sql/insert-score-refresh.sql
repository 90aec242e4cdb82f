-- Notes a refresh that is done, with the models that it fitted.
-- writes: score_refreshes
insert into score_refreshes (as_of, users, models) values (:asOf, :users, :models::jsonb)
returning id
