import { EMPTY_POLICY } from '../../src/fatigue/index.js';
import type { GeneratedWorld, Person } from './generated-world.js';
import { campaign, cap, quiet, sent, worldOf } from './directed-worlds.js';

export interface Mutant {
  readonly name: string;
  /** Where it strikes: a text of the deciding statement that must be there. `:p` stands for any parameter. */
  readonly from: string;
  /** `:p` is the parameter that stood there. */
  readonly to: string;
  /** The smallest world that tells it from the truth. */
  readonly world: GeneratedWorld;
  /** Of the statements that read a whole bucket at once. */
  readonly whole?: boolean;
  /** Chance did not find it in 2,000 worlds: its own world alone tells it. */
  readonly rare?: boolean;
}

const day = { type: 'calendar', unit: 'day', timezone: 'UTC' } as const;
const rivals = [campaign({ priority: 10 }), campaign({ priority: 90 })];
const adaptive = { ...EMPTY_POLICY.adaptive, enabled: true, unopenedStreak: 1 };
const intoQuiet = worldOf({ caps: [cap()], history: [sent(0)], quietHours: [quiet('12:00', '13:15')], campaigns: [campaign({ transactional: false, onFatigue: 'defer' })] });

/** With one more who is as the first, but for this. */
function withSomebodyElse(world: GeneratedWorld, changes: Partial<Person>): GeneratedWorld {
  return { ...world, people: [...world.people, { ...world.people[0]!, ...changes }] };
}

/** Faults of the deciding statements: each a slip that reads as well as the truth. Noon of a Wednesday is now. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a message exactly a window old still counts', from: 'h.at > c.since', to: 'h.at >= c.since',
    world: worldOf({ caps: [cap()], history: [sent(1_440)] }),
  },
  {
    name: 'the first instant of a calendar window does not count', from: 'h.at >= w.starts', to: 'h.at > w.starts',
    world: worldOf({ caps: [cap({ window: day })], history: [sent(720)] }),
  },
  {
    name: 'the minimum gap is one instant longer', from: 'h.at > g.since', to: 'h.at >= g.since',
    world: worldOf({ minimumGap: [{ channel: 'push', duration: 'PT1H' }], history: [sent(60)] }),
  },
  {
    name: 'what is not settled counts at its infinity', from: 'least(h.counted_at, :p) as at', to: 'h.counted_at as at',
    world: worldOf({ caps: [cap()], history: [sent(null)], campaigns: [campaign({ onFatigue: 'defer' })] }),
  },
  {
    name: 'a message counts by the topic of today', from: 'd.campaign_id, d.channel, d.topic_id,',
    to: 'd.campaign_id, d.channel, (select c.topic_id from campaigns as c where c.id = d.campaign_id) as topic_id,',
    world: worldOf({ caps: [cap({ topic: 'promo' })], history: [sent(60)] }),
  },
  {
    name: 'a cap on push counts mail', from: '(c.channel is null or c.channel = h.channel)', to: 'true',
    world: worldOf({ caps: [cap()], history: [sent(60, { channel: 'email' })] }),
  },
  {
    name: 'of several caps the first alone is looked at', from: 'k.caps[c.place]', to: 'k.caps[1]',
    world: worldOf({ caps: [cap({ key: 'wide', limit: 3 }), cap()], history: [sent(60)] }),
  },
  {
    name: 'campaigns come by their age alone', from: 'order by c.priority desc, c.id', to: 'order by c.id',
    world: worldOf({ caps: [cap()], campaigns: rivals }),
  },
  {
    name: 'of two of one priority the younger goes first', from: 'order by c.priority desc, c.id', to: 'order by c.priority desc, c.id desc',
    world: worldOf({ caps: [cap()], campaigns: [campaign(), campaign()] }),
  },
  {
    name: 'of two of one priority the one worth less goes first', from: 'net_worth desc', to: 'net_worth',
    world: worldOf({ caps: [cap()], campaigns: [campaign({ worth: true, conversion: { event: 'booking', window: 'P3D' } }), campaign({ worth: true })] }),
  },
  {
    name: 'what is worth nothing is sent', from: 'when g.below_price then', to: 'when false then',
    world: worldOf({ campaigns: [campaign({ worth: true })], messageCost: 30 }),
  },
  {
    name: 'what was used before is blamed on this pass', from: 'count(*) filter (where not h.this_pass) over together as used_before', to: '0 as used_before',
    world: worldOf({ caps: [cap()], history: [sent(60)] }),
  },
  {
    name: 'a transactional message takes a slot', from: `w.state = 'queued' and not :p`, to: `w.state = 'queued' and :p is not null`,
    world: worldOf({ caps: [cap()], campaigns: [campaign({ priority: 90, transactional: true }), campaign()] }),
  },
  {
    name: 'a device not seen for exactly 30 days is alive', from: 'd.last_seen_at > (select', to: 'd.last_seen_at >= (select',
    world: worldOf({ someone: { devices: [{ permission: 'granted', daysAgo: 30 }] } }),
  },
  {
    name: 'a tier’s limits are not the user’s', from: '(t.limits ->> n.key)::integer, n.max', to: 'null, n.max',
    world: worldOf({ caps: [cap()], tiers: [{ segment: 'tier', caps: { cap: 3 } }], history: [sent(60)], someone: { inTier: true } }),
  },
  {
    name: 'the adaptive cut reaches caps over every channel', from: 'or n.channel is distinct from :p', to: 'or :p is null',
    world: worldOf({ caps: [cap({ channel: 'any', limit: 2 })], adaptive, history: [sent(60), sent(3_000), sent(4_000)] }),
  },
  {
    name: 'the unopened of the last 24 hours count too', from: `m.settled_at <= (select :p - interval '24 hours')`, to: 'm.settled_at <= :p',
    world: worldOf({ caps: [cap({ limit: 2 })], adaptive, history: [sent(60)] }),
  },
  {
    name: 'quiet hours begin one instant late', from: 'q.starts <= :p and', to: 'q.starts < :p and',
    world: worldOf({ quietHours: [quiet('12:00', '13:15')] }),
  },
  {
    name: 'deferred to where the caps free, into quiet hours', from: 'select q.ends from', to: 'select null::timestamptz from', world: intoQuiet,
  },
  {
    name: 'deferred to the very beginning of quiet hours', from: 'q.starts <= r.gates_free_at', to: 'q.starts < r.gates_free_at', world: intoQuiet,
  },
  {
    name: 'a deferred row may not be due at its very expiry', from: 't.free_at <= t.expires_at', to: 't.free_at < t.expires_at',
    world: worldOf({ caps: [cap()], history: [sent(0)], campaigns: [campaign({ onFatigue: 'defer', expiresAfter: 'PT24H' })] }),
  },
  {
    name: 'an occurrence due when the window ends still holds a slot back', from: 'r.due_at < case', to: 'r.due_at <= case',
    world: worldOf({ caps: [cap()], campaigns: [campaign(), campaign({ priority: 90, reserveIn: 1_440 })] }),
  },
  {
    name: 'a reservation counts what will have left the window', from: 'h.at > b.due_at - b.rolling', to: 'true',
    world: worldOf({ caps: [cap({ limit: 2 })], history: [sent(1_000)], campaigns: [campaign(), campaign({ priority: 90, reserveIn: 1_000 })] }),
  },
  {
    name: 'a message counts by the topic of today, where a whole bucket is read', from: 'h.campaign_id, h.channel, h.topic_id, least', whole: true,
    to: 'h.campaign_id, h.channel, (select c.topic_id from campaigns as c where c.id = h.campaign_id), least',
    world: worldOf({ caps: [cap({ topic: 'promo' })], history: [sent(60)] }),
  },
  {
    name: 'what was heard on one channel is not asked for on another', from: 'where k.user_id = p.user_id and k.channel = :p', to: 'where k.user_id = p.user_id',
    world: worldOf({
      caps: [cap({ channel: 'email', limit: 2 })], adaptive, history: [sent(3_000), ...[60, 3_000].map((age) => sent(age, { channel: 'email' }))],
      campaigns: [campaign({ priority: 90 }), campaign({ channel: 'email' })],
    }),
  },
  {
    name: 'whom the first wave did not ask for is never asked for', from: 'where k.user_id = p.user_id and k.channel = :p', to: 'where k.channel = :p', rare: true,
    world: withSomebodyElse(worldOf({
      caps: [cap({ limit: 2 })], adaptive, history: [sent(60), sent(3_000)], campaigns: [campaign({ priority: 90, topic: 'news' }), campaign()],
    }), { subscriptions: [{ channel: 'push', topic: 'news', state: 'unsubscribed' }] }),
  },
  {
    name: 'whom quiet hours defer is not asked for their caps', from: `.bar = 'quiet_hours' and :p)`,
    // Still with its parameter, of which Postgres could not tell the type where nothing else names it.
    to: `.bar = 'quiet_hours' and :p and false)`,
    world: worldOf({ caps: [cap()], history: [sent(0)], quietHours: [quiet('11:00', '13:15')], campaigns: [campaign({ transactional: false, onFatigue: 'defer' })] }),
  },
  {
    name: 'the oldest open ends the streak', from: 'max(m.settled_at) filter', to: 'min(m.settled_at) filter',
    world: worldOf({ caps: [cap({ limit: 2 })], adaptive, history: [sent(60), sent(3_000, { opened: true }), sent(4_000), sent(5_000, { opened: true })] }),
  },
];

/** The statement with the mutant in it; itself where the anchor is not found. */
export function mutate({ from, to }: Mutant, sql: string): string {
  const anchor = new RegExp(from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(':p', '(\\$\\d+(?:::\\w+)?)'), 'g');
  return sql.replace(anchor, (_, parameter: string) => to.replace(':p', () => parameter));
}
