// The world of deciding.bench.mjs: users with devices, consent, segments, and a ledger of messages over 60 days.

const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAYS = 60;

const POLICY = {
  caps: [
    { key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } },
    { key: 'week', channel: 'any', limit: 4, window: { type: 'calendar', unit: 'week', timezone: 'user' } },
    { key: 'promo', channel: 'any', topic: 'promo', limit: 2, window: { type: 'rolling', duration: 'P7D' } }],
  minimumGap: [{ channel: 'push', duration: 'PT4H' }],
  tiers: [], adaptive: { enabled: false, unopenedStreak: 5, factor: 0.5, floor: 1 },
};

/** Every gate there is: tiers and the adaptive limit beside the caps; the campaigns ask for worth, and a third one reserves. */
const FULL_POLICY = {
  ...POLICY,
  tiers: [{ segment: 'vip', caps: { week: 6, promo: 3 } }],
  adaptive: { enabled: true, unopenedStreak: 5, factor: 0.5, floor: 1 },
};

/** Fills an empty database. @param messages for each user, a run every so many days */
export async function seedWorld(run, { users, messages, log }) {
  log(`seeding ${users} users with ${messages} messages each over ${DAYS} days …`);
  await run(`select ensure_month_partition(t.name, (date_trunc('month', clock_timestamp() at time zone 'UTC') - m * interval '1 month')::date) from generate_series(0, 3) m, unnest(array['deliveries', 'decision_worth']) t (name)`);
  await run(`insert into users (id, user_id, timezone, created_at) select nextval('user_id_seq'), 'user-' || n,
    (array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Asia/Kathmandu', 'UTC', null])[1 + n % 6], now() from generate_series(1, $1::integer) n`, [users]);
  await run(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
    select sha256(user_id::bytea), user_id, id, 'android', case when id % 20 = 0 then 'denied' else 'granted' end, now() - (id % 40) * interval '1 day' from users where id % 50 <> 0`);
  await run(`insert into topics (key, name) values ('promo', '{}'), ('news', '{}')`);
  await run(`insert into subscriptions (user_id, channel, topic, state, occurred_at) select id, 'push', 'promo', 'unsubscribed', now() from users where id % 12 = 0`);
  await run(`insert into segments (key, name, static) values ('most', 'Most', true), ('half', 'Half', true), ('vip', 'VIP', true)`);
  await run(`insert into segment_members (segment_id, user_id, entered_at) select s.id, u.id, now() from segments s, users u
    where (s.key = 'most' and u.id % 10 <> 0) or (s.key = 'half' and u.id % 2 = 0) or (s.key = 'vip' and u.id % 7 = 0)`);
  await run(`insert into campaigns (name, status, channel, transactional, topic_id, priority, definition, salt, launched_at) values ('old', 'completed', 'push', false, 1, 50, '{}', 'old', now())`);
  for (let n = 1; n <= messages; n++) {
    await run(`insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, topic_id, policy_version, template_version, state, channel)
      select date_trunc('month', x.at at time zone 'UTC')::date, u.id, 1000000 + $1::integer, 0, 1, 1000000 + $1::integer * 100000 + u.id / 500, x.at, x.at, x.at + interval '1 day', x.at, x.at, 1 + $1::integer % 2, 0, 1, 'sent', 'push'
      from users u, lateral (select now() - (${DAYS}.0 / $2::integer) * ($1::integer - 1 + (hashint8(u.id * 100 + $1::integer)::bigint & 65535) / 65536.0) * interval '1 day' as at) x
      order by u.id`, [n, messages]);
    await run(`insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, delivered_at, opened_at, updated_at)
      select d.month, d.user_id, d.id, d.campaign_id, d.run_id, d.channel, d.settled_at, d.settled_at, d.settled_at from deliveries d
      where d.run_id = 1000000 + $1::integer and (hashint8(d.user_id * 7 + $1::integer)::bigint & 15) = 0`, [n]);
    log(`  ${n} of ${messages}`);
  }
  // Runs to come are younger than those of the history, as they are in life: their keys stand at the end of the index.
  await run(`select setval(pg_get_serial_sequence('runs', 'id'), 2000000)`);
  await run(`insert into templates (key, channel, version) values ('t', 'push', 1)`);
  await run('vacuum analyze');
}

/**
 * From two hours ago to three hours hence by the clock of UTC: half of the users, those of UTC, of no zone and of Berlin, are in quiet hours at
 * whatever hour the bench runs. With a window of the night three to five of the six zones were, and the figures of two hours could not be compared.
 */
function quietHours(share) {
  const clock = (hours) => `${String((new Date().getUTCHours() + hours + 24) % 24).padStart(2, '0')}:00`;
  return share === 'half' ? [{ channel: 'push', start: clock(-2), end: clock(3), days: EVERY_DAY }] : [];
}

/** Before the application starts: it looks for a later version only, and a folder that is kept has one already. */
export async function placePolicy(run, { full, quiet }) {
  await run('delete from fatigue_policies');
  await run(`insert into fatigue_policies (version, policy, created_by) values (1, $1, 'bench')`, [JSON.stringify({ ...(full ? FULL_POLICY : POLICY), quietHours: quietHours(quiet) })]);
}

/** Two campaigns for one slot: the first is due, the second a draft. @returns their ids */
export async function placeCampaigns(run, { full }) {
  const ids = [];
  for (const [i, segment] of [[2, 'most'], [1, 'half']]) ids.push(await campaign(run, segment, { audience: { include: [segment], exclude: [] }, priority: 50 + i, worth: full }));
  // What an open is worth decides who is written to at all.
  if (full) await run(`insert into settings (value) values ('{"openValue": 1}') on conflict (singleton) do update set value = excluded.value`);
  if (full) await reservingCampaign(run);
  await run('analyze campaigns');
  return ids;
}

async function campaign(run, name, overrides) {
  const definition = {
    name, channel: 'push', topic: 'promo', class: 'marketing', tags: [], variants: [{ key: 'a', template: 't', weight: 1 }], holdout: 0.1,
    reserve: false, ignoreCaps: false, schedule: { type: 'now' }, onFatigue: 'drop', expiresAfter: 'PT24H', onDoubt: 'skip', worth: false, ...overrides };
  const { rows: [{ id }] } = await run(`insert into campaigns (name, status, channel, transactional, topic_id, priority, definition, salt)
    values ($1, 'draft', 'push', false, 1, $2, $3, $1) returning id`, [name, definition.priority, JSON.stringify(definition)]);
  return id;
}

/** Higher than both, due in three hours: it holds back a slot of every cap for a seventh of the users. */
async function reservingCampaign(run) {
  const id = await campaign(run, 'reserving', { audience: { include: ['vip'], exclude: [] }, priority: 90, reserve: true });
  await launch(run, id, '3 hours');
}

/** As a launch leaves it: a run with one wave. */
export async function launch(run, id, after = '0') {
  await run(`update campaigns set status = 'running', launched_at = now() where id = $1`, [id]);
  await run(`with run as (insert into runs (campaign_id, scheduled_for, month, expires_at)
    select $1, now() + $2::interval, date_trunc('month', now() at time zone 'UTC')::date, now() + $2::interval + interval '1 day' returning id, campaign_id, scheduled_for)
    insert into waves (run_id, campaign_id, due_at) select r.id, r.campaign_id, r.scheduled_for from run r`, [id, after]);
}
