-- Keeps leadMs free before the campaign's next instant, for a message whose requests leave together: else whoever needs no free time
-- would always come first, and the message after all of them. Time that is kept already counts, so that asking again moves nothing.
-- Answers how long the caller may rest until its turn is near enough to be reserved.
-- writes: campaign_pace
update campaign_pace as p
set next_at = p.next_at + greatest(0, :leadMs::double precision - p.kept_ms) * interval '1 millisecond',
  kept_ms = greatest(p.kept_ms, :leadMs::double precision)
where p.campaign_id = :campaignId::bigint
returning greatest(0, extract(epoch from (p.next_at - clock_timestamp())) * 1000 - 1000)::double precision as "restMs";
