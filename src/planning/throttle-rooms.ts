import { sqlFile, type Transaction } from '../platform/database/index.js';
import { LOCK_THROTTLED } from './buckets.js';
import type { DueWaveRow } from './due-waves.js';
import type { IdRange, PassWorld } from './pass-parameters.js';

type Devices = IdRange & { transactional: boolean; now: Date; staleAfter: string };

const measureDevices = sqlFile<Devices, { perMessage: number }>(import.meta.url, './sql/measure-devices.sql');
const countChunkRequests = sqlFile<Devices & { month: string; chunkIds: string[] }, { requests: number }>(import.meta.url, './sql/count-chunk-requests.sql');

/** A throttled campaign is decided on in steps of at least a third of what it may hold, not user by user as each request leaves. */
const LEAST_ROOM = 1 / 3;
const HELD_MINUTES = 15;

type Throttled = Pick<DueWaveRow, 'campaignId' | 'room' | 'definition'>;

interface Room {
  /** Requests. */
  left: number;
  /** How many requests a message is expected to be. */
  readonly perMessage: number;
}

/**
 * How many more of each throttled campaign's requests a pass may reserve: one room for all that is due of the campaign, be it zones,
 * hours, deferred rows or entries. What a throttle cannot send within 15 minutes is left undecided, so that it holds nobody's slot.
 */
export class ThrottleRooms {
  private readonly rooms = new Map<string, Room>();

  /** @param left how many more requests the campaign may hold; less than a step is none */
  open({ campaignId, definition }: Throttled, left: number, perMessage: number): void {
    this.rooms.set(campaignId, { left: left < definition.throttlePerMinute! * HELD_MINUTES * LEAST_ROOM ? 0 : left, perMessage });
  }

  has({ campaignId }: Throttled): boolean {
    return this.rooms.has(campaignId);
  }

  /** How many users of the wave may be decided on now; undefined: all, because it has no throttle, or has expired and reserves nothing. */
  of({ campaignId, room }: Throttled): number | undefined {
    const found = room === null ? undefined : this.rooms.get(campaignId);
    return found && (found.left > 0 ? Math.max(1, Math.floor(found.left / found.perMessage)) : 0);
  }

  /** @param requests that have been reserved */
  take({ campaignId }: Throttled, requests: number): void {
    const room = this.rooms.get(campaignId);
    if (room) room.left -= requests;
  }

  /** @param messages that may be reserved later in the pass */
  expect(wave: Throttled, messages: number): void {
    this.take(wave, messages * (this.rooms.get(wave.campaignId)?.perMessage ?? 1));
  }

  copy(): ThrottleRooms {
    const copy = new ThrottleRooms();
    for (const [campaignId, room] of this.rooms) copy.rooms.set(campaignId, { ...room });
    return copy;
  }
}

/**
 * The rooms of what is due, each campaign's lock held until the transaction ends: two planners must not fill the same one. A campaign
 * whose lock another planner has waits for a later pass.
 */
export async function lockRooms(tx: Transaction, due: readonly DueWaveRow[], world: PassWorld, range: IdRange): Promise<ThrottleRooms> {
  const rooms = new ThrottleRooms();
  for (const wave of due) {
    if (wave.room === null || rooms.has(wave)) continue;
    const left = await lockedRoom(tx, wave.campaignId);
    rooms.open(wave, left, left > 0 ? await requestsPerMessage(tx, wave, world, range) : 1);
  }
  return rooms;
}

/** By the devices of the users of the range; a mail is one request. */
export async function requestsPerMessage(tx: Transaction, { definition }: Throttled, world: PassWorld, range: IdRange): Promise<number> {
  if (definition.channel === 'email') return 1;
  const [found] = await tx.query(measureDevices, devicesOf(definition, world, range));
  return found!.perMessage;
}

/** Notes of chunks just filled how many requests they are, where a throttle counts them. @returns how many, of `messages` */
export async function noteRequests(tx: Transaction, wave: DueWaveRow, world: PassWorld, range: IdRange, chunkIds: string[], messages: number): Promise<number> {
  if (wave.definition.throttlePerMinute === undefined || wave.definition.channel === 'email' || chunkIds.length === 0) return messages;
  const counted = await tx.query(countChunkRequests, { ...devicesOf(wave.definition, world, range), month: wave.month, chunkIds });
  return counted.reduce((sum, { requests }) => sum + requests, 0);
}

export function devicesOf(definition: DueWaveRow['definition'], { now, settings }: PassWorld, range: IdRange): Devices {
  return { ...range, transactional: definition.class === 'transactional', now, staleAfter: settings.staleDeviceAfter };
}

async function lockedRoom(tx: Transaction, campaignId: string): Promise<number> {
  const [lock] = await tx.query(LOCK_THROTTLED.statement, { lockClass: LOCK_THROTTLED.class, bucket: Number(BigInt(campaignId) % 2_147_483_647n) });
  if (!lock!.locked) return 0;
  const [found] = await tx.query(LOCK_THROTTLED.room, { campaignId, minutes: HELD_MINUTES });
  return found!.room;
}
