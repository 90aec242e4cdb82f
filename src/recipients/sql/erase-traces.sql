-- Removes everything personal that other tables hold under a user's internal number, and cuts out the texts of what stays for the
-- totals of past campaigns: who clicked and bought counts on, under a number that leads to nobody. Safe to repeat.
-- writes: events, event_keys, user_event_days, conversions, message_events, idempotency_keys, tracked_links
with gone_events as (delete from events as e where e.user_id = :id::bigint),
gone_keys as (delete from event_keys as k where k.user_id = :id::bigint),
gone_days as (delete from user_event_days as d using event_names() as n (name) where d.name = n.name and d.user_id = :id::bigint),
blind_conversions as (
  -- The client's own event ids may be order numbers. Numbered anew, because the key must stay unique.
  update conversions as c set event_id = 'erased-' || n.number
  from (
    select user_id, event_id, row_number() over (order by event_id) + (
        select coalesce(max(substr(event_id, 8)::numeric), 0) from conversions
        where user_id = :id::bigint and event_id ~ '^erased-[0-9]+$') as number
    from conversions where user_id = :id::bigint and event_id !~ '^erased-[0-9]+$') as n
  where c.user_id = n.user_id and c.event_id = n.event_id),
blind_messages as (
  update message_events as m set action = null where m.user_id = :id::bigint and m.action is not null),
gone_answers as (
  -- Answers kept for Idempotency-Key may quote the person.
  delete from idempotency_keys as i
  where exists (select from unnest(:needles::text[]) as n (needle) where position(n.needle in i.body) > 0)),
gone_links as (
  -- A link with the person's address in it was rendered for that person alone.
  delete from tracked_links as t
  where exists (select from unnest(:addressNeedles::text[]) as n (needle) where position(n.needle in lower(t.url)) > 0))
select 1 as done;
