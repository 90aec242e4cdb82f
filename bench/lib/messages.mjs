// Messages as they stand in the ledger after a campaign was sent, for benches of what comes back.
import { createHmac } from 'node:crypto';

/** An instant of the last hour, while all of them were settled before. */
export const at = (n) => new Date(Date.now() - 3_600_000 + n % 3_000_000).toISOString();

/** Lots of sent messages, `size` each and one a person, of campaigns that count purchases. @returns for each its messages */
export async function seed(pool, channels, size) {
  const month = `${new Date().toISOString().slice(0, 7)}-01`;
  await pool.query(`select ensure_month_partition('deliveries', $1::date), ensure_month_partition('events', $1::date)`, [month]);
  await pool.query(`insert into topics (key, name) values ('promo', '{"en": "Offers"}')`);
  const lots = [];
  for (const [lot, channel] of channels.entries()) {
    const definition = { name: `lot ${lot}`, channel, class: 'marketing', audience: { include: ['everyone'], exclude: [] }, variants: [{ key: 'a', template: 't', weight: 1 }], holdout: 0, priority: 50, schedule: { type: 'now' }, expiresAfter: 'PT24H', conversion: { event: 'purchase', window: 'P3D', attribution: 'sent' } };
    const { rows: [{ id }] } = await pool.query(`insert into campaigns (name, status, channel, transactional, priority, definition, salt, launched_at) values ($1, 'completed', $2, false, 50, $3, 's', now()) returning id`, [definition.name, channel, JSON.stringify(definition)]);
    const { rows: [run] } = await pool.query(`insert into runs (campaign_id, scheduled_for, month, expires_at, completed_at) values ($1, now(), $2, now(), now()) returning id`, [id, month]);
    await pool.query(`with people as (insert into users (id, user_id, email, email_hash, created_at)
        select nextval('user_id_seq'), $1 || '-' || n, $1 || n || '@example.com', sha256(($1 || n)::bytea), now() from generate_series(1, $2::integer) as n returning id)
      insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, topic_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
      select $3, people.id, $4, 0, $5, 1, t.id, x.at, x.at, x.at, x.at, x.at, 0, 'sent', $6 from people cross join (select now() - interval '2 hours' as at) as x join topics as t on t.key = 'promo'`, [`lot${lot}`, size, month, run.id, id, channel]);
    const { rows } = await pool.query('select d.id, d.user_id as internal, u.user_id as "userId" from deliveries as d join users as u on u.id = d.user_id where d.run_id = $1 order by d.id', [run.id]);
    const codec = await messageIds(pool);
    lots.push(rows.map((row, n) => {
      const ref = { month, userId: row.internal, id: row.id };
      return { n, ref, id: codec.encode(ref), userId: row.userId };
    }));
  }
  await pool.query('vacuum analyze');
  return lots;
}

async function secretOf(pool, purpose) {
  const { rows: [{ secret }] } = await pool.query('select secret from installation');
  return createHmac('sha256', secret).update(purpose).digest();
}

/** Message ids as the server makes them: with the secret of its database. */
async function messageIds(pool) {
  const { MessageIds } = await import('../../dist/src/planning/message-id.js');
  return new MessageIds(await secretOf(pool, 'message-id'));
}

/** Links of mails, likewise. */
export async function linkTokens(pool) {
  const { LinkTokens } = await import('../../dist/src/feedback/link-token.js');
  return new LinkTokens(await messageIds(pool), [await secretOf(pool, 'links')]);
}
