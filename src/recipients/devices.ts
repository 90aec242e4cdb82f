import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { maskToken, tokenHash, type DeviceInput } from './device.js';
import { Users, changedMeanwhile } from './users.js';

/** A device as it is shown. */
export interface DeviceView extends Record<'platform' | 'token', string> {
  appVersion: string | null;
  permission: string | null;
  timezone: string | null;
  locale: string | null;
  lastSeenAt: Date;
}

export interface Registration {
  /** Internal id of the owner. */
  userId: string;
  device: DeviceInput;
}

const insertNew = sqlFile<{ devices: string; now: Date }, { hash: Buffer }>(import.meta.url, './sql/insert-new-devices.sql');
const lock = sqlFile<{ hashes: Buffer[] }, { hash: Buffer; userId: string }>(import.meta.url, './sql/lock-devices.sql');
const update = sqlFile<{ devices: string }>(import.meta.url, './sql/update-devices.sql');
const follow = sqlFile<{ ids: string[]; now: Date }>(import.meta.url, './sql/follow-last-device.sql');
const detach = sqlFile<{ hash: Buffer }, { userId: string }>(import.meta.url, './sql/detach-device.sql');
const find = sqlFile<{ hash: Buffer }, DeviceView>(import.meta.url, './sql/find-device.sql');

/** The registry of tokens: each has one owner, the last to register it. */
@Injectable()
export class Devices {
  constructor(
    private readonly database: ApiDatabase,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** Registers one device; creates the user if need be. */
  async put(userId: string, device: DeviceInput): Promise<DeviceView> {
    const now = this.clock.now();
    return this.database.transaction(async (tx) => {
      const ids = await this.users.ensure(tx, [userId], now);
      const touched = await this.register(tx, [{ userId: ids.get(userId)!, device }], now);
      await this.users.lock(tx, touched);
      await this.follow(tx, touched, now);
      const [stored] = await tx.query(find, { hash: tokenHash(device.token) });
      return { ...stored!, token: maskToken(stored!.token) };
    });
  }

  /** Forgets a token, whoever has it. */
  async detach(token: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const owners = (await tx.query(detach, { hash: tokenHash(token) })).map((row) => row.userId);
      await this.users.lock(tx, owners);
      await this.follow(tx, owners, this.clock.now());
    });
  }

  /**
   * Writes registrations (each token once) inside the caller's transaction.
   * @returns all users whose devices are not what they were, former owners included. The caller locks them and calls `follow`.
   */
  async register(tx: Transaction, registrations: readonly Registration[], now: Date): Promise<string[]> {
    if (registrations.length === 0) return [];
    const rows = new Map(registrations.map((r) => [tokenHash(r.device.token).toString('hex'), r]));
    const json = (hashes: Iterable<string>): string => JSON.stringify([...hashes].map((hash) => toRow(hash, rows.get(hash)!, now)));
    const inserted = new Set((await tx.query(insertNew, { devices: json(rows.keys()), now })).map((row) => row.hash.toString('hex')));
    const known = [...rows.keys()].filter((hash) => !inserted.has(hash));
    const owners = registrations.map((r) => r.userId);
    if (known.length > 0) {
      const locked = await tx.query(lock, { hashes: known.map((hash) => Buffer.from(hash, 'hex')) });
      if (locked.length < known.length) throw changedMeanwhile('a device was detached');
      await tx.query(update, { devices: json(known) });
      owners.push(...locked.map((row) => row.userId));
    }
    return [...new Set(owners)];
  }

  /** Zone, locale and last sight of users as their devices now have them; the users are locked by the caller. */
  async follow(tx: Transaction, ids: readonly string[], now: Date): Promise<void> {
    if (ids.length > 0) await tx.query(follow, { ids: [...ids], now });
  }
}

function toRow(hash: string, { userId, device }: Registration, now: Date): Record<string, unknown> {
  const seen = device.lastSeenAt;
  return {
    ...device, hash, userId,
    lastSeenAt: seen && seen < now ? seen : now,
    appVersionGiven: device.appVersion !== undefined,
    permissionGiven: device.permission !== undefined,
    timezoneGiven: device.timezone !== undefined,
    localeGiven: device.locale !== undefined,
  };
}
