-- Of a bestHour wave: users whose hour this is, or was an earlier one, and in the last wave everybody who is left. Twin:
-- send-time.ts (chooseSlot).
-- reads: deliveries, message_facts
and (:lastSlot::boolean or :slot::integer >= (
  select case
    when bucket_of(:exploreSalt::text, u.user_id) < :exploreBuckets::integer
      then (:slotOrds::integer[])[1 + bucket_of(:exploreSalt::text, u.user_id) % cardinality(:slotOrds::integer[])]
    when max(o.own) > :margin::double precision * max(o.own) filter (where o.ord = :defaultSlot::integer)
      then (array_agg(o.ord order by o.own desc, o.ord))[1]
    else :defaultSlot::integer
  end
  from (
    select s.ord, s.rate + (coalesce(h.opened, 0) - coalesce(h.sent, 0) * s.rate) / (coalesce(h.sent, 0) + :kappa::double precision) as own
    from jsonb_to_recordset(:slots::jsonb) as s (ord integer, how integer, rate double precision)
    left join (
      select (extract(isodow from t.local)::integer - 1) * 24 + extract(hour from t.local)::integer as how,
        count(*) as sent, count(*) filter (where t.answered) as opened
      from (
        select d.settled_at at time zone :zoneRules::text as local,
          coalesce(case when d.channel = 'email' then f.clicked_at else f.opened_at end <= :curveAsOf::timestamptz, false) as answered
        from deliveries as d
        left join message_facts as f on f.month = d.month and f.user_id = d.user_id and f.delivery_id = d.id
        where d.user_id = u.id and d.state = 'sent' and d.channel = :channel::channel and d.counted_at is not null
          and d.settled_at <= :curveAsOf::timestamptz and d.settled_at > :curveAsOf::timestamptz - interval '365 days') as t
      group by 1) as h on h.how = s.how) as o))
