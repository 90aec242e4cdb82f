-- writes: trigger_cursors
insert into trigger_cursors as u (campaign_id, read_until) values (:campaignId::bigint, :readUntil::timestamptz)
on conflict (campaign_id) do update set read_until = greatest(u.read_until, excluded.read_until);
