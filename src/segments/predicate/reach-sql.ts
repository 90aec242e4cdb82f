import { parseDuration } from '../../platform/time/index.js';
import type { Channel } from '../rule/types.js';
import type { Parameters, PredicateSettings } from './context.js';

/**
 * Whether marketing may and can reach the user on the channel now: the consent of the settings' mode, and for push a device
 * that is neither denied nor stale, for mail an address that is not suppressed. Under `optIn` one subscribed topic is enough;
 * which topics a campaign may use is the campaign's own gate.
 */
export function reachableSql(params: Parameters, channel: Channel, settings: PredicateSettings): string {
  const way = channel === 'push' ? deviceSql(params, settings) : ADDRESS;
  return `(${consentSql(params, channel, settings)} and ${way})`;
}

function consentSql(params: Parameters, channel: Channel, { consent }: PredicateSettings): string {
  const of = params.once(channel, channel, 'channel');
  const subscription = (condition: string): string =>
    `exists (select from subscriptions p where p.user_id = u.id and p.channel = ${of} and ${condition})`;
  const refused = `not ${subscription("p.topic = '' and p.state = 'unsubscribed'")}`;
  return consent[channel] === 'optOut' ? refused : `${refused} and ${subscription("p.state = 'subscribed'")}`;
}

function deviceSql(params: Parameters, { staleDeviceAfter }: PredicateSettings): string {
  const ms = parseDuration(staleDeviceAfter);
  if (ms === undefined) throw new Error('the setting staleDeviceAfter is no duration');
  const seenAfter = params.before(ms);
  return `exists (select from devices v where v.user_id = u.id and v.permission is distinct from 'denied' and v.last_seen_at >= ${seenAfter})`;
}

const ADDRESS = `u.email is not null
  and not exists (select from suppressions a where a.address_hash = u.email_hash)`;
