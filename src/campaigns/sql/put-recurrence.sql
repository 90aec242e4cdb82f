-- Where a recurring campaign begins, begins again after an edit (the two with `since`), or goes on.
-- writes: recurrences
insert into recurrences as q (campaign_id, last_local, next_at, since)
values (:campaignId::bigint, :lastLocal::timestamptz, :nextAt::timestamptz, :since::timestamptz)
on conflict (campaign_id) do update set last_local = excluded.last_local, next_at = excluded.next_at, since = excluded.since;
