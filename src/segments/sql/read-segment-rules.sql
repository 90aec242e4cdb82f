-- The rules behind some keys.
-- reads: segments
select id, key, rule from segments where key = any(:keys::text[])
