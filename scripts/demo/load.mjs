import { Told } from '../lib/run.mjs';
import { DEFAULT_ZONE } from './zones.mjs';
import { TEMPLATES, TOPICS } from './content.mjs';
import { inParallel, piecesOf } from './pool.mjs';

const BATCH = 1_000;
const WIDTH = 3;
const SUPPRESSIONS = 500;

/** A key of each scope, as the parts of a real installation would hold them. */
export async function makeKeys(admin) {
  const scopes = ['ingest', 'app', 'marketer', 'analyst'];
  const keys = await Promise.all(scopes.map((scope) => admin.post('/v1/keys', { name: `demo ${scope}`, scope })));
  return Object.fromEntries(scopes.map((scope, i) => [scope, keys[i].key]));
}

export async function loadSettings({ admin, marketer }, currency) {
  await admin.patch('/v1/settings', { currency, defaultTimezone: DEFAULT_ZONE });
  for (const [key, topic] of Object.entries(TOPICS)) await marketer.put(`/v1/topics/${key}`, topic);
  for (const template of TEMPLATES) await marketer.post('/v1/templates', template);
}

/** @returns how many rows the server refused, with the first reasons */
export async function loadUsers(ingest, people, suppressed, advance) {
  const refused = await inBatches(people, advance, (users) => ingest.post('/v1/users/batch', { users }));
  for (const addresses of piecesOf(suppressed, SUPPRESSIONS)) {
    await ingest.post('/v1/suppressions', { add: addresses.map((email) => ({ email, reason: 'complained to the shop' })) });
  }
  return refused;
}

/** Events user by user, so that two batches at the same time have no user in common. */
export function eventsOf(customers) {
  return customers.flatMap(({ userId, purchases }) =>
    purchases.map(({ eventId, at, value, currency }) => ({
      eventId, userId, name: 'purchase', occurredAt: new Date(at).toISOString(), ...(value === undefined ? {} : { value, currency }),
    })));
}

/** @returns how many rows the server refused, with the first reasons */
export function loadEvents(ingest, events, advance) {
  return inBatches(events, advance, (batch) => ingest.post('/v1/events', { events: batch }));
}

async function inBatches(rows, advance, post) {
  const refused = { count: 0, duplicates: 0, examples: [] };
  await inParallel(piecesOf(rows, BATCH), WIDTH, async (batch) => {
    const { rejected, duplicates = 0 } = await post(batch);
    refused.count += rejected.length;
    refused.duplicates += duplicates;
    for (const { index, path, message } of rejected.slice(0, 3)) refused.examples.push(`${batch[index].userId}: ${path ?? ''} ${message}`);
    advance(batch.length);
  });
  refused.examples.splice(3);
  return refused;
}

/** Waits for a background job. @returns its result @throws Told when it failed or took too long */
export async function untilDone(api, jobId, { forMs = 120_000, advance = () => undefined } = {}) {
  const deadline = performance.now() + forMs;
  for (;;) {
    const { status, progress, result, error } = await api.get(`/v1/jobs/${jobId}`);
    advance(progress);
    if (status === 'done') return result;
    if (status === 'failed') throw new Told(`A background job failed: ${typeof error === 'string' ? error : JSON.stringify(error)}`);
    if (performance.now() > deadline) throw new Told(`A background job was not done after ${forMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
