import type { DeviceInput } from './device.js';
import type { Change } from './field-reader.js';
import type { SubscriptionInput } from './subscription.js';
import type { UserInput } from './user-row.js';

/** What a batch says about one user, all its rows together. */
export interface ProfilePatch {
  userId: string;
  email: Change<string>;
  timezone: Change<string>;
  locale: Change<string>;
  createdAt: Date | undefined;
  attributes: AttributePatch | undefined;
}

/** First everything is removed (`reset`) or not, then `removed`, then `set` is laid on top; no key is in both. */
export interface AttributePatch {
  reset: boolean;
  set: Record<string, unknown>;
  removed: string[];
}

export interface FoldedBatch {
  profiles: ProfilePatch[];
  devices: { userId: string; device: DeviceInput }[];
  subscriptions: { userId: string; subscription: SubscriptionInput }[];
}

/** Lays the rows on top of each other in their order, so that one set-based write equals writing them one by one. */
export function foldUsers(rows: readonly UserInput[]): FoldedBatch {
  const profiles = new Map<string, ProfilePatch>();
  const devices = new Map<string, { userId: string; device: DeviceInput }>();
  const subscriptions = new Map<string, { userId: string; subscription: SubscriptionInput }>();
  for (const row of rows) {
    profiles.set(row.userId, foldProfile(profiles.get(row.userId), row));
    for (const device of row.devices) {
      devices.set(device.token, { userId: row.userId, device: layOver(devices.get(device.token)?.device, device) });
    }
    for (const subscription of row.subscriptions) {
      const key = JSON.stringify([row.userId, subscription.channel, subscription.topic]);
      subscriptions.set(key, { userId: row.userId, subscription: firmer(subscriptions.get(key)?.subscription, subscription) });
    }
  }
  return { profiles: [...profiles.values()], devices: [...devices.values()], subscriptions: [...subscriptions.values()] };
}

function foldProfile(earlier: ProfilePatch | undefined, { userId, email, timezone, locale, createdAt, attributes }: UserInput): ProfilePatch {
  const later = { userId, email, timezone, locale, createdAt };
  return { ...layOver(earlier, later as ProfilePatch), attributes: foldAttributes(earlier?.attributes, attributes) };
}

export function foldAttributes(earlier: AttributePatch | undefined, change: Change<Record<string, unknown>>): AttributePatch | undefined {
  if (change === undefined) return earlier;
  if (change === null) return { reset: true, set: {}, removed: [] };
  const set = { ...earlier?.set };
  const removed = new Set(earlier?.removed);
  for (const [key, value] of Object.entries(change)) {
    if (value === null) {
      delete set[key];
      removed.add(key);
    } else {
      set[key] = value;
      removed.delete(key);
    }
  }
  return { reset: earlier?.reset ?? false, set, removed: [...removed] };
}

/** In a batch an opt-out stands whatever else the batch says; otherwise the later word. */
function firmer(earlier: SubscriptionInput | undefined, later: SubscriptionInput): SubscriptionInput {
  return earlier?.state === 'unsubscribed' && later.state === 'subscribed' ? earlier : later;
}

/** Absent (undefined) fields of the later keep the earlier's. */
function layOver<T extends object>(earlier: T | undefined, later: T): T {
  const said = Object.entries(later).filter(([, value]) => value !== undefined);
  return { ...earlier, ...Object.fromEntries(said) } as T;
}
