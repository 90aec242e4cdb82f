import { createHash } from 'node:crypto';
import type { CampaignDefinition } from '../../src/campaigns/index.js';
import { toDefinition } from '../../src/campaigns/campaign-definition.js';
import type { ApiDatabase } from '../../src/platform/database/index.js';
import { NOW, type CampaignSpec, type GeneratedWorld } from './generated-world.js';

export interface Placed {
  campaignId: string;
  salt: string;
  spec: CampaignSpec;
}

const MINUTE = 60_000;

/** What a marketer would send to the API. */
export function bodyOf({ transactional, reserveIn, ...fields }: CampaignSpec): Record<string, unknown> {
  return {
    name: 'Campaign', ...fields, template: fields.channel === 'push' ? 'hello' : 'mail', class: transactional ? 'transactional' : 'marketing',
    schedule: reserveIn === null ? { type: 'now' } : { type: 'at', at: dueAt(reserveIn).toISOString() }, reserve: reserveIn !== null,
  };
}

/**
 * Writes what creating and launching them through the API would, in one statement: by the API a world cost more than its decision. A
 * test of pass-oracle holds the two together. Salts come from the world, so that a world that fails does so each time.
 */
export async function placeCampaigns(db: ApiDatabase, world: GeneratedWorld, launched: boolean): Promise<Placed[]> {
  const placed = world.campaigns.map((spec, i): Placed => ({ campaignId: String(i + 1), salt: saltOf(world, i), spec }));
  const rows = placed.map(({ campaignId, salt, spec }) => {
    const definition: CampaignDefinition = toDefinition(bodyOf(spec) as never);
    const { name, channel, topic, priority, expiresAfter } = definition;
    return { id: campaignId, name, channel, transactional: spec.transactional, topic, priority, definition, salt, due: dueAt(spec.reserveIn ?? 0), life: expiresAfter };
  });
  await db.pool.query({ name: 'place-campaigns', text: PLACE, values: [JSON.stringify(rows), NOW, launched] });
  return placed;
}

const PLACE = `
  with c as materialized (
    select * from jsonb_to_recordset($1) as c (id bigint, name text, channel channel, transactional boolean, topic text, priority smallint, definition jsonb,
      salt text, due timestamptz, life interval)),
  campaign as (
    insert into campaigns (id, name, status, channel, transactional, topic_id, priority, definition, salt, created_at, updated_at, launched_at)
    overriding system value
    select c.id, c.name, (case when not $3 then 'draft' when c.due > $2 then 'scheduled' else 'running' end)::campaign_status, c.channel, c.transactional,
      (select t.id from topics as t where t.key = c.topic), c.priority, c.definition, c.salt, $2, $2, case when $3 then $2 end
    from c),
  run as (
    insert into runs (campaign_id, scheduled_for, month, expires_at, created_at)
    select c.id, c.due, date_trunc('month', c.due)::date, c.due + c.life, $2::timestamptz from c where $3::boolean order by c.id
    returning id, campaign_id, scheduled_for, expires_at)
  insert into waves (run_id, campaign_id, due_at, expires_at) select r.id, r.campaign_id, r.scheduled_for, r.expires_at from run as r`;

function dueAt(minutes: number): Date {
  return new Date(NOW.getTime() + minutes * MINUTE);
}

function saltOf({ people }: GeneratedWorld, i: number): string {
  return createHash('sha256').update(JSON.stringify([i, people])).digest('hex').slice(0, 24);
}
