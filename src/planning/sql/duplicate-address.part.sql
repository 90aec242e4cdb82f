-- One mail for an address and run: it goes to the oldest user of the audience that has the address. Decided by the users, not by what
-- another bucket's pass has just done, so that no two passes can both believe to be first; the run's rows are asked as well, because the
-- audience changes between decisions that are hours apart. Of pool-*.part.sql.
-- reads: users, deliveries
:channel::channel = 'email' and :passEntries::boolean is not true and u.email_hash is not null and exists (
    select from users as o
    where o.email_hash = u.email_hash and o.id <> u.id and (
      (o.id < u.id and exists (
        select from users as u where u.id = o.id and (__AUDIENCE_OF_ANYBODY__)))
      -- OFFSET: else the planner may put all rows of the run into a hash for the few who share an address.
      or exists (
        select from deliveries as d
        where d.month = :month::date and d.run_id = :runId::bigint and d.user_id = o.id and d.state in ('queued', 'sent', 'unknown', 'held_out')
        offset 0)))
