-- Where a recurring campaign begins, or begins again after an edit.
-- writes: recurrences
insert into recurrences as q (campaign_id, last_local, next_at)
values (:campaignId::bigint, :lastLocal::timestamptz, :nextAt::timestamptz)
on conflict (campaign_id) do update set last_local = excluded.last_local, next_at = excluded.next_at;
