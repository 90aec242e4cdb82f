import type { RenderContext } from '../templates/index.js';
import type { SuppressionReason } from './delivery-state.js';

type RenderEvent = NonNullable<RenderContext['event']>;

/** What the claim knows of one queued delivery, read in the claiming transaction. */
export interface Claimable {
  id: string;
  internalId: string;
  /** null once the user was erased. */
  userId: string | null;
  variant: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
  attempts: number;
  reason: string | null;
  email: string | null;
  timezone: string | null;
  deviceTimezone: string | null;
  locale: string | null;
  deviceLocale: string | null;
  /** Likewise. */
  createdAt: number;
  attributes: Record<string, unknown>;
  suppressed: boolean;
  refused: boolean;
  given: boolean;
  devices: ClaimedDevice[];
  scores: StoredScores | null;
  /** What triggered the message, as the template sees it. */
  event: RenderEvent | null;
}

export interface StoredScores {
  recency: number;
  frequency: number;
  monetary: number;
  rfmGroup: string;
  probabilityAlive: number | null;
  expectedPurchases90d: number | null;
  expectedValue90d: number | null;
}

export interface ClaimedDevice {
  token: string;
  platform: 'android' | 'ios' | 'web';
  permission: 'granted' | 'denied' | 'provisional' | null;
  lastSeenAt: string;
}

export interface ClaimRules {
  now: Date;
  channel: 'push' | 'email';
  /** Consent, quiet hours and stale devices hold back marketing only. */
  marketing: boolean;
  /** A test send asks for suppression and reachability, nothing else. */
  test: boolean;
  optIn: boolean;
  staleAfterMs: number;
  /** The end of the quiet interval that holds `now` in the zone, if one does. */
  quietUntil: (zone: string) => Date | null;
  defaultZone: string;
  defer: boolean;
}

export type ClaimVerdict =
  | { readonly go: true; readonly devices: ClaimedDevice[] }
  | { readonly go: false; readonly state: 'suppressed'; readonly reason: SuppressionReason }
  | { readonly go: false; readonly state: 'deferred'; readonly reason: 'quiet_hours'; readonly freeAt: Date };

/**
 * Looks again at what may have changed since the decision: erasure, opt-out, suppression, devices, expiry, quiet hours. Caps are
 * not looked at: the reservation holds until it is settled.
 */
export function claimVerdict(row: Claimable, rules: ClaimRules): ClaimVerdict {
  if (row.userId === null) return no('unsubscribed');
  if (row.suppressed && rules.channel === 'email') return no('suppressed_address');
  if (rules.marketing && !rules.test && (row.refused || (rules.optIn && !row.given))) return no('unsubscribed');
  const devices = usableDevices(row, rules);
  if (!Array.isArray(devices)) return devices;
  if (row.expiresAt < rules.now.getTime()) return no(row.reason === 'provider_unavailable' ? 'provider_unavailable' : 'expired');
  return (rules.marketing && !rules.test ? quiet(row, rules) : undefined) ?? { go: true, devices };
}

function usableDevices(row: Claimable, rules: ClaimRules): ClaimedDevice[] | ClaimVerdict {
  if (rules.channel === 'email') return row.email === null ? no('no_email') : [];
  if (row.devices.length === 0) return no('no_device');
  const permitted = row.devices.filter((device) => device.permission !== 'denied');
  if (permitted.length === 0) return no('permission_denied');
  const oldest = rules.now.getTime() - rules.staleAfterMs;
  const fresh = permitted.filter((d) => !rules.marketing || rules.test || new Date(d.lastSeenAt).getTime() > oldest);
  return fresh.length === 0 ? no('stale_device') : fresh;
}

function quiet(row: Claimable, rules: ClaimRules): ClaimVerdict | undefined {
  const until = rules.quietUntil(row.timezone ?? row.deviceTimezone ?? rules.defaultZone);
  if (until === null) return undefined;
  if (rules.defer && until.getTime() <= row.expiresAt) return { go: false, state: 'deferred', reason: 'quiet_hours', freeAt: until };
  return no('quiet_hours');
}

function no(reason: SuppressionReason): ClaimVerdict {
  return { go: false, state: 'suppressed', reason };
}
