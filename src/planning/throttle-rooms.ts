import type { Transaction } from '../platform/database/index.js';
import { LOCK_THROTTLED } from './buckets.js';
import type { DueWaveRow } from './due-waves.js';

/** A throttled campaign is decided on in steps of at least a third of what it may hold, not user by user as each request leaves. */
const LEAST_ROOM = 1 / 3;
const HELD_MINUTES = 15;

type Throttled = Pick<DueWaveRow, 'campaignId' | 'room' | 'definition'>;

/**
 * How many more of each throttled campaign's messages a pass may reserve: one room for all that is due of the campaign, be it zones,
 * hours, deferred rows or entries. What a throttle cannot send within 15 minutes is left undecided, so that it holds nobody's slot.
 */
export class ThrottleRooms {
  private readonly left = new Map<string, number>();

  /** @param room how many more the campaign may hold; less than a step is none */
  open({ campaignId, definition }: Throttled, room: number): void {
    this.left.set(campaignId, room < definition.throttlePerMinute! * HELD_MINUTES * LEAST_ROOM ? 0 : room);
  }

  has({ campaignId }: Throttled): boolean {
    return this.left.has(campaignId);
  }

  /** How many users of the wave may be decided on now; undefined: all, because it has no throttle, or has expired and reserves nothing. */
  of({ campaignId, room }: Throttled): number | undefined {
    return room === null ? undefined : this.left.get(campaignId);
  }

  take({ campaignId }: Throttled, reserved: number): void {
    const left = this.left.get(campaignId);
    if (left !== undefined) this.left.set(campaignId, left - reserved);
  }

  copy(): ThrottleRooms {
    const copy = new ThrottleRooms();
    for (const [campaignId, room] of this.left) copy.left.set(campaignId, room);
    return copy;
  }
}

/**
 * The rooms of what is due, each campaign's lock held until the transaction ends: two planners must not fill the same one. A campaign
 * whose lock another planner has waits for a later pass.
 */
export async function lockRooms(tx: Transaction, due: readonly DueWaveRow[]): Promise<ThrottleRooms> {
  const rooms = new ThrottleRooms();
  for (const wave of due) if (wave.room !== null && !rooms.has(wave)) rooms.open(wave, await lockedRoom(tx, wave.campaignId));
  return rooms;
}

async function lockedRoom(tx: Transaction, campaignId: string): Promise<number> {
  const [lock] = await tx.query(LOCK_THROTTLED.statement, { lockClass: LOCK_THROTTLED.class, bucket: Number(BigInt(campaignId) % 2_147_483_647n) });
  if (!lock!.locked) return 0;
  const [found] = await tx.query(LOCK_THROTTLED.room, { campaignId, minutes: HELD_MINUTES });
  return found!.room;
}
