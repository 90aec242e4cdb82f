-- Generated from the migrations by "npm run drift:write". Do not edit.

create type campaign_status as enum ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled');
create type channel as enum ('push', 'email');
create type delivery_reason as enum ('global_holdout', 'unsubscribed', 'suppressed_address', 'duplicate_address', 'no_device', 'stale_device', 'no_email', 'permission_denied', 'frequency_cap', 'minimum_gap', 'quiet_hours', 'outranked', 'reserved_for_priority', 'local_time_passed', 'expired', 'cancelled', 'paused', 'left_segment', 'render_error', 'provider_unavailable', 'invalid_address', 'provider_rejected', 'not_worth_it', 'budget_spent');
create type delivery_state as enum ('deferred', 'queued', 'sent', 'failed', 'unknown', 'suppressed', 'held_out');
create type key_scope as enum ('admin', 'marketer', 'analyst', 'ingest', 'app');

create sequence chunk_id_seq;
create sequence delivery_id_seq;
create sequence trigger_entry_id_seq;
create sequence user_id_seq;

create table api_keys (
  id bigint not null generated always as identity,
  name text not null,
  scope key_scope not null,
  prefix text not null,
  key_hash bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_keys_key_hash_key UNIQUE (key_hash),
  constraint api_keys_pkey PRIMARY KEY (id));

create table campaign_pace (
  campaign_id bigint not null,
  next_at timestamp with time zone not null,
  kept_ms double precision not null default 0,
  constraint campaign_pace_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint campaign_pace_pkey PRIMARY KEY (campaign_id));

create table campaigns (
  id bigint not null generated always as identity,
  name text not null,
  status campaign_status not null default 'draft'::campaign_status,
  resume_status campaign_status,
  channel channel not null,
  transactional boolean not null,
  topic_id integer,
  priority smallint not null,
  definition jsonb not null,
  status_reason text,
  salt text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  launched_at timestamp with time zone,
  completed_at timestamp with time zone,
  guarded_from timestamp with time zone,
  constraint campaigns_pkey PRIMARY KEY (id),
  constraint campaigns_priority_check CHECK (((priority >= 0) AND (priority <= 100))),
  constraint campaigns_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES topics(id));

create table chunks (
  id bigint not null default nextval('chunk_id_seq'::regclass),
  month date not null,
  run_id bigint not null,
  wave_id bigint not null,
  campaign_id bigint not null,
  channel channel not null,
  bucket integer not null,
  lane smallint not null default 1,
  size integer not null,
  not_before timestamp with time zone not null,
  fence integer not null default 0,
  lease_owner text,
  lease_until timestamp with time zone,
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  requests integer,
  constraint chunks_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint chunks_pkey PRIMARY KEY (id));

create table conversions (
  user_id bigint not null,
  event_id text not null,
  name text not null,
  occurred_at timestamp with time zone not null,
  value numeric,
  currency text,
  month date not null,
  delivery_id bigint not null,
  campaign_id bigint not null,
  run_id bigint not null,
  credited_at timestamp with time zone not null,
  constraint conversions_pkey PRIMARY KEY (user_id, event_id));

create table decision_worth (
  month date not null,
  user_id bigint not null,
  run_id bigint not null,
  campaign_id bigint not null,
  channel channel not null,
  entry bigint not null default 0,
  decided_at timestamp with time zone not null,
  segment text,
  messages integer not null,
  opens integer not null,
  conversions integer not null,
  incrementality double precision not null,
  conversion_rate double precision not null,
  open_rate double precision not null,
  conversion_value double precision not null,
  conversion_gain double precision not null,
  open_gain double precision not null,
  hazard double precision not null,
  keep_value double precision not null,
  cost double precision not null,
  net_worth double precision not null,
  price double precision not null default 0,
  constraint decision_worth_pkey PRIMARY KEY (user_id, month, run_id, channel, entry),
  constraint decision_worth_user_id_fkey1 FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE) partition by RANGE (month);

create table deliveries (
  user_id bigint not null,
  id bigint not null default nextval('delivery_id_seq'::regclass),
  entry bigint,
  due_at timestamp with time zone not null,
  decided_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  counted_at timestamp with time zone,
  settled_at timestamp with time zone,
  free_at timestamp with time zone,
  blocking_id bigint,
  month date not null,
  run_id integer not null,
  wave_id integer not null,
  campaign_id integer not null,
  chunk_id integer,
  blocking_campaign_id integer,
  topic_id integer,
  policy_version integer not null,
  template_version integer,
  state delivery_state not null,
  reason delivery_reason,
  channel channel not null,
  variant smallint not null default 0,
  cap smallint,
  messages_in_7d smallint not null default 0,
  attempts smallint not null default 0,
  doubts smallint not null default 0,
  trouble delivery_state generated always as (
CASE
    WHEN (state = ANY (ARRAY['unknown'::delivery_state, 'failed'::delivery_state])) THEN state
    ELSE NULL::delivery_state
END) stored,
  constraint deliveries_chunked CHECK (((state <> 'queued'::delivery_state) OR (chunk_id IS NOT NULL))),
  constraint deliveries_deferred_until CHECK (((state = 'deferred'::delivery_state) = (free_at IS NOT NULL))),
  constraint deliveries_reasoned CHECK (((state <> ALL (ARRAY['suppressed'::delivery_state, 'deferred'::delivery_state])) OR (reason IS NOT NULL)))) partition by RANGE (month);

create table devices (
  token_hash bytea not null,
  token text not null,
  user_id bigint not null,
  platform text not null,
  app_version text,
  permission text,
  timezone text,
  locale text,
  last_seen_at timestamp with time zone not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint devices_permission_check CHECK ((permission = ANY (ARRAY['granted'::text, 'denied'::text, 'provisional'::text]))),
  constraint devices_pkey PRIMARY KEY (token_hash),
  constraint devices_platform_check CHECK ((platform = ANY (ARRAY['android'::text, 'ios'::text, 'web'::text]))),
  constraint devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table engine_state (
  singleton boolean not null default true,
  stopped_at timestamp with time zone,
  stop_reason text,
  constraint engine_state_check CHECK (((stopped_at IS NULL) = (stop_reason IS NULL))),
  constraint engine_state_pkey PRIMARY KEY (singleton),
  constraint engine_state_singleton_check CHECK (singleton));

create table event_keys (
  user_id bigint not null,
  event_id text not null,
  constraint event_keys_pkey PRIMARY KEY (user_id, event_id)) partition by HASH (user_id);

create table events (
  month date not null,
  user_id bigint not null,
  occurred_at timestamp with time zone not null,
  name text not null,
  event_id text not null,
  value numeric,
  currency text,
  properties jsonb,
  received_at timestamp with time zone not null,
  imported boolean not null default false,
  constraint events_pkey PRIMARY KEY (month, user_id, event_id)) partition by RANGE (month);

create table fatigue_policies (
  version integer not null,
  policy jsonb not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  created_by text not null,
  constraint fatigue_policies_pkey PRIMARY KEY (version));

create table idempotency_keys (
  caller text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint not null,
  body text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint idempotency_keys_pkey PRIMARY KEY (caller, key));

create table import_rejections (
  import_id bigint not null,
  record bigint not null,
  line bigint not null,
  path text,
  message text not null,
  constraint import_rejections_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE,
  constraint import_rejections_pkey PRIMARY KEY (import_id, record));

create table imports (
  id bigint not null,
  type text not null,
  format text not null,
  columns jsonb,
  segment_id bigint,
  file_hash text,
  file_bytes bigint,
  records bigint not null default 0,
  accepted bigint not null default 0,
  duplicates bigint not null default 0,
  rejected bigint not null default 0,
  created_at timestamp with time zone not null default clock_timestamp(),
  uploaded_at timestamp with time zone,
  constraint imports_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'ndjson'::text]))),
  constraint imports_id_fkey FOREIGN KEY (id) REFERENCES jobs(id),
  constraint imports_pkey PRIMARY KEY (id),
  constraint imports_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(id) ON DELETE SET NULL,
  constraint imports_type_check CHECK ((type = ANY (ARRAY['users'::text, 'events'::text, 'transactions'::text, 'segment-members'::text, 'suppressions'::text]))));

create table installation (
  singleton boolean not null default true,
  secret bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint installation_pkey PRIMARY KEY (singleton),
  constraint installation_secret_check CHECK ((length(secret) = 32)),
  constraint installation_singleton_check CHECK (singleton));

create table jobs (
  id bigint not null generated always as identity,
  type text not null,
  payload jsonb not null default '{}'::jsonb,
  status text not null default 'queued'::text,
  progress real not null default 0,
  result jsonb,
  error text,
  created_at timestamp with time zone not null default clock_timestamp(),
  lease_until timestamp with time zone,
  finished_at timestamp with time zone,
  constraint jobs_pkey PRIMARY KEY (id),
  constraint jobs_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
  constraint jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text]))));

create table message_budgets (
  channel channel not null,
  starts_at timestamp with time zone not null,
  admitted bigint not null default 0,
  recounted_at timestamp with time zone,
  price double precision not null default 0,
  tie_buckets smallint not null default 0,
  demand double precision not null default 0,
  priced_at timestamp with time zone,
  priced_waves bigint[] not null default '{}'::bigint[],
  constraint message_budgets_pkey PRIMARY KEY (channel, starts_at));

create table message_events (
  month date not null,
  user_id bigint not null,
  delivery_id bigint not null,
  type text not null,
  machine boolean not null,
  source text not null,
  occurred_at timestamp with time zone not null,
  received_at timestamp with time zone not null,
  action text,
  hits integer not null default 1,
  constraint message_events_pkey PRIMARY KEY (month, user_id, delivery_id, type, machine, source),
  constraint message_events_type_check CHECK ((type = ANY (ARRAY['delivered'::text, 'opened'::text, 'dismissed'::text, 'clicked'::text, 'unsubscribed'::text, 'bounced'::text, 'complained'::text]))));

create table message_facts (
  month date not null,
  user_id bigint not null,
  delivery_id bigint not null,
  campaign_id bigint not null,
  run_id bigint not null,
  channel channel not null,
  delivered_at timestamp with time zone,
  opened_at timestamp with time zone,
  clicked_at timestamp with time zone,
  unsubscribed_at timestamp with time zone,
  bounced_at timestamp with time zone,
  complained_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  constraint message_facts_pkey PRIMARY KEY (month, user_id, delivery_id));

create table provider_pace (
  channel channel not null,
  next_at timestamp with time zone not null,
  constraint provider_pace_pkey PRIMARY KEY (channel));

create table recurrences (
  campaign_id bigint not null,
  last_local timestamp with time zone not null,
  next_at timestamp with time zone,
  since timestamp with time zone not null,
  constraint recurrences_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint recurrences_pkey PRIMARY KEY (campaign_id));

create table run_variants (
  run_id bigint not null,
  variant smallint not null,
  template_id bigint not null,
  template_version integer not null,
  constraint run_variants_pkey PRIMARY KEY (run_id, variant),
  constraint run_variants_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE,
  constraint run_variants_template_id_fkey FOREIGN KEY (template_id) REFERENCES templates(id));

create table runs (
  id bigint not null generated always as identity,
  campaign_id bigint not null,
  scheduled_for timestamp with time zone not null,
  kind text not null default 'regular'::text,
  month date not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  completed_at timestamp with time zone,
  local_at timestamp with time zone,
  missed boolean not null default false,
  constraint runs_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint runs_campaign_id_scheduled_for_kind_key UNIQUE (campaign_id, scheduled_for, kind),
  constraint runs_kind_check CHECK ((kind = ANY (ARRAY['regular'::text, 'test'::text]))),
  constraint runs_pkey PRIMARY KEY (id));

create table score_marks (
  user_id bigint not null) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=20000, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=20000);

create table score_refreshes (
  id bigint not null generated always as identity,
  as_of timestamp with time zone not null,
  users integer not null,
  models jsonb not null default '{}'::jsonb,
  finished_at timestamp with time zone not null default clock_timestamp(),
  purchase_event text,
  currency text,
  cuts jsonb not null default '{}'::jsonb,
  grid jsonb not null default '[]'::jsonb,
  constraint score_refreshes_pkey PRIMARY KEY (id));

create table segment_changes (
  id bigint not null generated always as identity,
  segment_id bigint not null,
  user_id bigint not null,
  entered boolean not null,
  cause text not null,
  at timestamp with time zone not null,
  constraint segment_changes_pkey PRIMARY KEY (id),
  constraint segment_changes_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(id) ON DELETE CASCADE,
  constraint segment_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table segment_marks (
  id bigint not null generated always as identity,
  facet text not null,
  name text,
  segment_id bigint,
  imported boolean not null default false,
  users bigint[],
  constraint segment_marks_pkey PRIMARY KEY (id)) with (autovacuum_vacuum_scale_factor=0, autovacuum_analyze_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_analyze_threshold=1000);

create table segment_members (
  segment_id bigint not null,
  user_id bigint not null,
  entered_at timestamp with time zone not null,
  constraint segment_members_pkey PRIMARY KEY (segment_id, user_id),
  constraint segment_members_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(id) ON DELETE CASCADE,
  constraint segment_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table segment_progress (
  singleton boolean not null default true,
  followed_at timestamp with time zone not null,
  constraint segment_progress_pkey PRIMARY KEY (singleton),
  constraint segment_progress_singleton_check CHECK (singleton));

create table segment_turns (
  segment_id bigint not null,
  user_id bigint not null,
  at timestamp with time zone not null,
  constraint segment_turns_pkey PRIMARY KEY (segment_id, user_id),
  constraint segment_turns_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(id) ON DELETE CASCADE) with (fillfactor=90);

create table segments (
  id bigint not null generated always as identity,
  key text not null,
  name text not null,
  static boolean not null default false,
  rule jsonb,
  size bigint,
  computed_at timestamp with time zone,
  build_ms integer,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  rebuild_cause text,
  turns_until timestamp with time zone,
  reconciled_at timestamp with time zone,
  drift bigint not null default 0,
  constraint segments_check CHECK ((static = (rule IS NULL))),
  constraint segments_key_check CHECK ((key ~ '^[a-z0-9_-]{1,64}$'::text)),
  constraint segments_key_key UNIQUE (key),
  constraint segments_pkey PRIMARY KEY (id));

create table send_time_curves (
  run_id bigint not null,
  curve double precision[] not null,
  kappa double precision not null,
  as_of timestamp with time zone not null,
  constraint send_time_curves_pkey PRIMARY KEY (run_id),
  constraint send_time_curves_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE);

create table settings (
  singleton boolean not null default true,
  value jsonb not null,
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint settings_pkey PRIMARY KEY (singleton),
  constraint settings_singleton_check CHECK (singleton));

create table slices (
  id bigint not null generated always as identity,
  chunk_id bigint not null,
  month date not null,
  campaign_id bigint not null,
  fence integer not null,
  first_id bigint not null,
  last_id bigint not null,
  size integer not null,
  lease_until timestamp with time zone not null,
  closed_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint slices_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES chunks(id) ON DELETE CASCADE,
  constraint slices_pkey PRIMARY KEY (id));

create table soft_bounces (
  address_hash bytea not null,
  month date not null,
  user_id bigint not null,
  delivery_id bigint not null,
  occurred_at timestamp with time zone not null,
  constraint soft_bounces_pkey PRIMARY KEY (address_hash, month, user_id, delivery_id),
  constraint soft_bounces_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table subscription_log (
  id bigint not null generated always as identity,
  user_id bigint not null,
  channel channel not null,
  topic text not null default ''::text,
  state text not null,
  occurred_at timestamp with time zone not null,
  received_at timestamp with time zone not null default clock_timestamp(),
  source text,
  message_id text,
  constraint subscription_log_pkey PRIMARY KEY (id),
  constraint subscription_log_state_check CHECK ((state = ANY (ARRAY['subscribed'::text, 'unsubscribed'::text]))),
  constraint subscription_log_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table subscriptions (
  user_id bigint not null,
  channel channel not null,
  topic text not null default ''::text,
  state text not null,
  occurred_at timestamp with time zone not null,
  source text,
  constraint subscriptions_pkey PRIMARY KEY (user_id, channel, topic),
  constraint subscriptions_state_check CHECK ((state = ANY (ARRAY['subscribed'::text, 'unsubscribed'::text]))),
  constraint subscriptions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table suppressions (
  address_hash bytea not null,
  email text,
  reason text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint suppressions_pkey PRIMARY KEY (address_hash));

create table template_versions (
  template_id bigint not null,
  version integer not null,
  content jsonb not null,
  default_locale text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint template_versions_pkey PRIMARY KEY (template_id, version),
  constraint template_versions_template_id_fkey FOREIGN KEY (template_id) REFERENCES templates(id) ON DELETE CASCADE);

create table templates (
  id bigint not null generated always as identity,
  key text not null,
  channel channel not null,
  version integer not null,
  tags text[] not null default '{}'::text[],
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint templates_key_check CHECK ((key ~ '^[a-z0-9_-]{1,64}$'::text)),
  constraint templates_key_key UNIQUE (key),
  constraint templates_pkey PRIMARY KEY (id));

create table topics (
  id integer not null generated always as identity,
  key text not null,
  name jsonb not null,
  listed boolean not null default true,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint topics_key_check CHECK ((key ~ '^[a-z0-9_-]{1,64}$'::text)),
  constraint topics_key_key UNIQUE (key),
  constraint topics_pkey PRIMARY KEY (id));

create table tracked_links (
  id bigint not null generated always as identity,
  url_hash bytea not null,
  url text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint tracked_links_pkey PRIMARY KEY (id),
  constraint tracked_links_url_hash_key UNIQUE (url_hash));

create table trigger_cursors (
  campaign_id bigint not null,
  read_until timestamp with time zone not null,
  constraint trigger_cursors_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint trigger_cursors_pkey PRIMARY KEY (campaign_id));

create table trigger_entries (
  id bigint not null default nextval('trigger_entry_id_seq'::regclass),
  campaign_id bigint not null,
  user_id bigint not null,
  entered_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  source text not null,
  event jsonb,
  decided_at timestamp with time zone,
  outcome text,
  constraint trigger_entries_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint trigger_entries_outcome_check CHECK ((outcome = ANY (ARRAY['decided'::text, 'unless'::text, 'not_in_audience'::text]))),
  constraint trigger_entries_pkey PRIMARY KEY (user_id, id),
  constraint trigger_entries_user_id_campaign_id_source_key UNIQUE (user_id, campaign_id, source),
  constraint trigger_entries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table trigger_states (
  user_id bigint not null,
  campaign_id bigint not null,
  last_at timestamp with time zone not null,
  constraint trigger_states_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint trigger_states_pkey PRIMARY KEY (user_id, campaign_id),
  constraint trigger_states_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE);

create table user_event_days (
  user_id bigint not null,
  name text not null,
  day date not null,
  currency text not null default ''::text,
  count integer not null,
  sum numeric not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  constraint user_event_days_pkey PRIMARY KEY (name, user_id, day, currency)) with (fillfactor=70);

create table user_scores (
  user_id bigint not null,
  recency smallint not null,
  frequency smallint not null,
  monetary smallint not null,
  rfm_group text not null,
  last_purchase_at timestamp with time zone not null,
  purchases bigint not null,
  revenue numeric not null,
  probability_alive double precision,
  expected_purchases_90d double precision,
  expected_value_90d double precision,
  as_of timestamp with time zone not null,
  constraint user_scores_frequency_check CHECK (((frequency >= 1) AND (frequency <= 5))),
  constraint user_scores_monetary_check CHECK (((monetary >= 1) AND (monetary <= 5))),
  constraint user_scores_pkey PRIMARY KEY (user_id),
  constraint user_scores_recency_check CHECK (((recency >= 1) AND (recency <= 5))),
  constraint user_scores_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE) with (fillfactor=80);

create table users (
  id bigint not null,
  user_id text not null,
  email text,
  email_hash bytea,
  timezone text,
  locale text,
  device_timezone text,
  device_locale text,
  zone text generated always as (COALESCE(timezone, device_timezone)) stored,
  attributes jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null,
  last_seen_at timestamp with time zone,
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_user_id_check CHECK (((length(user_id) >= 1) AND (length(user_id) <= 255))),
  constraint users_user_id_key UNIQUE (user_id)) with (fillfactor=90);

create table wave_buckets (
  wave_id bigint not null,
  bucket integer not null,
  decided_at timestamp with time zone,
  constraint wave_buckets_pkey PRIMARY KEY (wave_id, bucket),
  constraint wave_buckets_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES waves(id) ON DELETE CASCADE);

create table waves (
  id bigint not null generated always as identity,
  run_id bigint not null,
  campaign_id bigint not null,
  due_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  expires_at timestamp with time zone,
  slot smallint,
  passed boolean not null default false,
  zones text[],
  constraint waves_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
  constraint waves_pkey PRIMARY KEY (id),
  constraint waves_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id) ON DELETE CASCADE);


CREATE INDEX campaigns_conversion_event ON public.campaigns USING btree ((((definition -> 'conversion'::text) ->> 'event'::text)));
CREATE INDEX campaigns_status ON public.campaigns USING btree (status);
CREATE INDEX campaigns_triggered ON public.campaigns USING btree (((definition #>> '{schedule,event}'::text[]))) WHERE ((definition #>> '{schedule,type}'::text[]) = 'triggered'::text);
CREATE INDEX chunks_campaign_open ON public.chunks USING btree (campaign_id) WHERE (closed_at IS NULL);
CREATE INDEX chunks_open ON public.chunks USING btree (lane, not_before) WHERE (closed_at IS NULL);
CREATE INDEX conversions_campaign ON public.conversions USING btree (campaign_id);
CREATE INDEX conversions_delivery ON public.conversions USING btree (user_id, delivery_id);
CREATE INDEX deliveries_campaign ON ONLY public.deliveries USING btree (campaign_id, id);
CREATE INDEX deliveries_chunk ON ONLY public.deliveries USING btree (chunk_id) WHERE (chunk_id IS NOT NULL);
CREATE INDEX deliveries_deferred ON ONLY public.deliveries USING btree (user_id, free_at) WHERE (free_at IS NOT NULL);
CREATE INDEX deliveries_deferred_run ON ONLY public.deliveries USING btree (run_id) WHERE (free_at IS NOT NULL);
CREATE INDEX deliveries_displaced ON ONLY public.deliveries USING btree (blocking_campaign_id) WHERE (blocking_campaign_id IS NOT NULL);
CREATE INDEX deliveries_run ON ONLY public.deliveries USING btree (run_id);
CREATE INDEX deliveries_trouble ON ONLY public.deliveries USING btree (trouble, id) WHERE (trouble IS NOT NULL);
CREATE INDEX deliveries_user ON ONLY public.deliveries USING btree (user_id, id);
CREATE INDEX devices_user ON public.devices USING btree (user_id);
CREATE INDEX events_user_name_time ON ONLY public.events USING btree (user_id, name, occurred_at);
CREATE INDEX idempotency_keys_age ON public.idempotency_keys USING btree (created_at);
CREATE INDEX jobs_open ON public.jobs USING btree (id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX message_facts_campaign ON public.message_facts USING btree (campaign_id);
CREATE INDEX message_facts_opt_outs ON public.message_facts USING btree (campaign_id) WHERE (unsubscribed_at IS NOT NULL);
CREATE INDEX message_facts_user ON public.message_facts USING btree (user_id);
CREATE INDEX recurrences_due ON public.recurrences USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX runs_open ON public.runs USING btree (campaign_id) WHERE (completed_at IS NULL);
CREATE INDEX score_refreshes_as_of ON public.score_refreshes USING btree (as_of);
CREATE INDEX segment_changes_segment ON public.segment_changes USING btree (segment_id, at);
CREATE INDEX segment_changes_user ON public.segment_changes USING btree (user_id, segment_id, at);
CREATE INDEX segment_members_user ON public.segment_members USING btree (user_id);
CREATE INDEX segment_turns_due ON public.segment_turns USING btree (segment_id, at);
CREATE INDEX slices_closed ON public.slices USING btree (closed_at) WHERE (closed_at IS NOT NULL);
CREATE INDEX slices_open ON public.slices USING btree (chunk_id) WHERE (closed_at IS NULL);
CREATE INDEX soft_bounces_age ON public.soft_bounces USING btree (occurred_at);
CREATE INDEX soft_bounces_user ON public.soft_bounces USING btree (user_id);
CREATE INDEX subscription_log_user ON public.subscription_log USING btree (user_id, id);
CREATE INDEX trigger_entries_campaign ON public.trigger_entries USING btree (campaign_id);
CREATE INDEX trigger_entries_due ON public.trigger_entries USING btree (((user_id >> 14)), due_at) WHERE (decided_at IS NULL);
CREATE INDEX trigger_states_campaign ON public.trigger_states USING btree (campaign_id);
CREATE INDEX users_email_hash ON public.users USING btree (email_hash) WHERE (email_hash IS NOT NULL);
CREATE INDEX users_zone ON public.users USING btree (zone);
CREATE INDEX wave_buckets_open ON public.wave_buckets USING btree (bucket) WHERE (decided_at IS NULL);
CREATE INDEX waves_open ON public.waves USING btree (due_at) WHERE (decided_at IS NULL);
CREATE INDEX waves_run ON public.waves USING btree (run_id);
CREATE UNIQUE INDEX deliveries_decided ON ONLY public.deliveries USING btree (run_id, month, user_id) WHERE (entry IS NULL);
CREATE UNIQUE INDEX deliveries_entered ON ONLY public.deliveries USING btree (run_id, month, user_id, entry) WHERE (entry IS NOT NULL);

CREATE OR REPLACE FUNCTION public.bucket_of(salt text, user_id text)
 RETURNS integer
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((((((('x'::text || encode(substr(sha256(convert_to(((salt || ':'::text) || user_id), 'UTF8'::name)), 1, 8), 'hex'::text)))::bit(64))::bigint >> 4) & '1152921504606846975'::bigint) % (10000)::bigint))::integer
;

CREATE OR REPLACE FUNCTION public.drop_month_partitions(parent text, before date)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  partition text;
  dropped integer := 0;
  stale boolean;
begin
  set local lock_timeout = '2s';
  for partition in
    select c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = parent::regclass and c.relname ~ '_\d{6}$' and to_date(right(c.relname, 6), 'YYYYMM') < before
    order by 1
  loop
    execute format('drop table %I', partition);
    dropped := dropped + 1;
  end loop;
  if to_regclass(parent || '_history') is null then return dropped; end if;
  execute format('select exists (select from %I where month < %L)', parent || '_history', before) into stale;
  if not stale then return dropped; end if;
  if before >= '2020-01-01' then execute format('truncate %I', parent || '_history');
  else execute format('delete from %I where month < %L', parent || '_history', before); end if;
  return dropped + 1;
end $function$
;

CREATE OR REPLACE FUNCTION public.ensure_month_partition(parent text, month date)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  partition text := format('%s_%s', parent, to_char(month, 'YYYYMM'));
begin
  if to_regclass(partition) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('partition'), hashtext(partition));
  if exists (select from pg_class as c where c.relname = partition and c.relnamespace = 'public'::regnamespace) then return; end if;
  execute format('create table %I (like %I including all)', partition, parent)
    || case parent when 'deliveries' then ' with (fillfactor = 90)' else '' end;
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    parent, partition, month, (month + interval '1 month')::date);
end $function$
;

CREATE OR REPLACE FUNCTION public.event_names()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
        with recursive names as (
          (select d.name from user_event_days as d order by d.name limit 1)
          union all
          select (select d.name from user_event_days as d where d.name > n.name order by d.name limit 1) from names as n where n.name is not null)
        select n.name from names as n where n.name is not null
      $function$
;

CREATE OR REPLACE FUNCTION public.mark_changed_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet, imported)
  select case when count(*) <= 20000 then array_agg(c.user_id) end, tg_argv[0], mark_is_imported()
  from (select r.user_id from changed_rows as r limit 20001) as c having count(*) > 0;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_event_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet, name, imported)
  select case when count(*) <= 20000 then array_agg(c.user_id) end, 'event', c.name, mark_is_imported() from changed_rows as c group by c.name;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_everyone()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (facet, imported) values (tg_argv[0], mark_is_imported());
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_is_imported()
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (COALESCE(current_setting('rapport.imported'::text, true), ''::text) = 'on'::text)
;

CREATE OR REPLACE FUNCTION public.mark_sent_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet)
  select array_agg(c.user_id), 'message' from changed_rows as c where c.state = 'sent' having count(*) > 0;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_suppressed_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet, imported)
  select array_agg(u.id), 'consent', mark_is_imported() from changed_rows as c join users as u on u.email_hash = c.address_hash having count(*) > 0;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_updated_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet, imported)
  select array_agg(n.id), f.facet, mark_is_imported()
  from changed_rows as n
  join former_rows as o on o.id = n.id
  cross join lateral (
    select 'user' as facet
    where (n.email, n.email_hash, n.zone, n.locale, n.device_locale, n.attributes, n.created_at)
      is distinct from (o.email, o.email_hash, o.zone, o.locale, o.device_locale, o.attributes, o.created_at)
    union all
    select 'seen' where n.last_seen_at is distinct from o.last_seen_at) as f
  group by f.facet;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.mark_users()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into segment_marks (users, facet, imported)
  select case when count(*) <= 20000 then array_agg(c.id) end, tg_argv[0], mark_is_imported()
  from (select r.id from changed_rows as r limit 20001) as c having count(*) > 0;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.probability_listening(n integer, x integer, t integer, alpha double precision, beta double precision, gamma double precision, delta double precision)
 RETURNS double precision
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
declare
  listening float8 := (delta + n) / (gamma + delta + n);
  term float8;
  total float8 := 1;
begin
  if n = t then return listening; end if;
  term := (alpha + beta + n - 1) / (beta + n - 1 - x) * gamma / (delta + n - 1);
  for i in reverse n - 1 .. t loop
    total := total + term;
    if total > 1e250 then return 0; end if;
    exit when i = t;
    term := term * (alpha + beta + i - 1) / (beta + i - 1 - x) * (gamma + delta + i) / (delta + i - 1);
  end loop;
  return listening / total;
end $function$
;

CREATE OR REPLACE FUNCTION public.purchase_histories(purchase_event text, settings_currency text, instant timestamp with time zone, first_id bigint, last_id bigint)
 RETURNS TABLE(user_id bigint, repeats integer, last_at integer, age integer, mean_spend numeric)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select b.user_id, (count(*) - 1)::integer, max(b.day) - min(b.day), (instant at time zone 'UTC')::date - min(b.day),
    (sum(b.amount) - (array_agg(b.amount order by b.day))[1]) / nullif(count(*) - 1, 0)
  from (
    select d.user_id, d.day, sum(d.sum) as amount
    from user_event_days d
    where d.name = purchase_event and d.currency in ('', settings_currency) and d.first_at <= instant
      and d.user_id between first_id and last_id
    group by d.user_id, d.day) b
  group by b.user_id
$function$
;

CREATE OR REPLACE FUNCTION public.purchases_as_of(purchase_event text, settings_currency text, instant timestamp with time zone)
 RETURNS TABLE(user_id bigint, purchases bigint, revenue numeric, last_at timestamp with time zone)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select p.user_id, sum(p.n), sum(p.amount), max(p.last_at) from (
    select d.user_id, d.count as n, d.sum as amount, d.last_at
    from user_event_days d
    where d.name = purchase_event and d.currency in ('', settings_currency)
      and d.day <= (instant at time zone 'UTC')::date and d.last_at <= instant
    union all
    select e.user_id, 1, coalesce(e.value, 0), e.occurred_at
    from user_event_days d
    join events e on e.month = date_trunc('month', d.day::timestamp)::date and e.user_id = d.user_id and e.name = d.name
      and (e.occurred_at at time zone 'UTC')::date = d.day and e.occurred_at between d.first_at and d.last_at
      and coalesce(e.currency, '') = d.currency
    where d.name = purchase_event and d.currency in ('', settings_currency)
      and d.day = (instant at time zone 'UTC')::date and d.first_at <= instant and d.last_at > instant and e.occurred_at <= instant) p
  group by p.user_id
$function$
;

CREATE OR REPLACE FUNCTION public.rfc3339_instant(value jsonb)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select i.instant from (
    select (upper(left(v.text, 17)) || '00Z')::timestamptz
      + (substr(v.text, 18, 2) || coalesce(rpad(substring(v.text from '\.(\d{1,3})'), 3, '0'), '000'))::int * interval '1 millisecond'
      - case when right(v.text, 6) ~ '^[+-]' then (substring(right(v.text, 6), 1, 1) || '1')::int * right(v.text, 5)::interval else interval '0' end as instant,
      substr(v.text, 18, 2) = '60' as leap
    -- OFFSET 0 keeps the casts behind the pattern.
    from (select value #>> '{}' as text where jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^(?!0000)(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$' offset 0) v) i
  where i.instant >= '0001-01-01T00:00:00Z' and i.instant < '10000-01-01T00:00:00Z'
    and (not i.leap or date_trunc('day', i.instant at time zone 'UTC') = date_trunc('second', i.instant at time zone 'UTC'))
$function$
;

CREATE OR REPLACE FUNCTION public.rfm_as_of(purchase_event text, settings_currency text, instant timestamp with time zone)
 RETURNS TABLE(user_id bigint, recency bigint, frequency bigint, monetary bigint, rfm_group text, purchases bigint, revenue numeric, last_at timestamp with time zone)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select r.user_id, r.recency, r.frequency, r.monetary, rfm_group(r.recency, r.frequency), r.purchases, r.revenue, r.last_at from (
    select p.*,
      1 + 5 * (rank() over (order by p.last_at) - 1) / count(*) over () as recency,
      1 + 5 * (rank() over (order by p.purchases) - 1) / count(*) over () as frequency,
      1 + 5 * (rank() over (order by p.revenue) - 1) / count(*) over () as monetary
    from purchases_as_of(purchase_event, settings_currency, instant) p) r
$function$
;

CREATE OR REPLACE FUNCTION public.rfm_group(recency bigint, frequency bigint)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case
    when recency = 5 and frequency >= 4 then 'champions'
    when recency >= 3 and frequency >= 4 then 'loyal'
    when recency >= 4 and frequency >= 2 then 'potential_loyalist'
    when recency = 5 then 'new'
    when recency = 4 then 'promising'
    when recency = 3 and frequency = 3 then 'need_attention'
    when recency = 3 then 'about_to_sleep'
    when frequency = 5 then 'cant_lose'
    when frequency >= 3 then 'at_risk'
    else 'hibernating'
  end
$function$
;


CREATE TRIGGER conversions_deleted_marks AFTER DELETE ON public.conversions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER conversions_inserted_marks AFTER INSERT ON public.conversions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER conversions_left_marks AFTER UPDATE ON public.conversions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER conversions_updated_marks AFTER UPDATE ON public.conversions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER deliveries_updated_marks AFTER UPDATE ON public.deliveries REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_sent_users();
CREATE TRIGGER devices_deleted_marks AFTER DELETE ON public.devices REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('device');
CREATE TRIGGER devices_inserted_marks AFTER INSERT ON public.devices REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('device');
CREATE TRIGGER devices_left_marks AFTER UPDATE ON public.devices REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('device');
CREATE TRIGGER devices_updated_marks AFTER UPDATE ON public.devices REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('device');
CREATE TRIGGER message_facts_deleted_marks AFTER DELETE ON public.message_facts REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER message_facts_inserted_marks AFTER INSERT ON public.message_facts REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER message_facts_left_marks AFTER UPDATE ON public.message_facts REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER message_facts_updated_marks AFTER UPDATE ON public.message_facts REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('message');
CREATE TRIGGER score_refreshes_inserted_marks AFTER INSERT ON public.score_refreshes FOR EACH STATEMENT EXECUTE FUNCTION mark_everyone('priors');
CREATE TRIGGER settings_changed_marks AFTER INSERT OR UPDATE ON public.settings FOR EACH STATEMENT EXECUTE FUNCTION mark_everyone('settings');
CREATE TRIGGER subscriptions_deleted_marks AFTER DELETE ON public.subscriptions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('consent');
CREATE TRIGGER subscriptions_inserted_marks AFTER INSERT ON public.subscriptions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('consent');
CREATE TRIGGER subscriptions_left_marks AFTER UPDATE ON public.subscriptions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('consent');
CREATE TRIGGER subscriptions_updated_marks AFTER UPDATE ON public.subscriptions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('consent');
CREATE TRIGGER suppressions_deleted_marks AFTER DELETE ON public.suppressions REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_suppressed_users();
CREATE TRIGGER suppressions_inserted_marks AFTER INSERT ON public.suppressions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_suppressed_users();
CREATE TRIGGER suppressions_updated_marks AFTER UPDATE ON public.suppressions REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_suppressed_users();
CREATE TRIGGER user_event_days_inserted_marks AFTER INSERT ON public.user_event_days REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_event_users();
CREATE TRIGGER user_event_days_updated_marks AFTER UPDATE ON public.user_event_days REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_event_users();
CREATE TRIGGER user_scores_deleted_marks AFTER DELETE ON public.user_scores REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('score');
CREATE TRIGGER user_scores_inserted_marks AFTER INSERT ON public.user_scores REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('score');
CREATE TRIGGER user_scores_left_marks AFTER UPDATE ON public.user_scores REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('score');
CREATE TRIGGER user_scores_updated_marks AFTER UPDATE ON public.user_scores REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_changed_users('score');
CREATE TRIGGER users_born_marks AFTER INSERT ON public.users REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_users('born');
CREATE TRIGGER users_gone_marks AFTER DELETE ON public.users REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_users('gone');
CREATE TRIGGER users_updated_marks AFTER UPDATE ON public.users REFERENCING OLD TABLE AS former_rows NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_updated_users();
