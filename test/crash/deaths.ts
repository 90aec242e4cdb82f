import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch } from '../factories/campaigns.js';
import type { TestProcess } from '../support/processes.js';
import { IN_FLIGHT, type World } from './world.js';

/** Workers alive at a time: while one works and dies, others start. */
const CREW = 3;
/** For a fault to strike, on a machine that has other things to do too. */
const STRIKE_MS = 120_000;

/** Messages that somebody could lease now, or that are still to be decided. */
const READY_TO_SEND = `
  select coalesce((
      select sum(k.size - coalesce((select sum(s.size) from slices as s where s.chunk_id = k.id), 0)) from chunks as k
      where k.closed_at is null and (k.lease_until is null or k.lease_until < clock_timestamp())), 0)::integer
    + (select count(*) from campaigns as c where c.status in ('scheduled', 'running') and not exists (select from chunks where campaign_id = c.id))::integer
      * $1::integer as n`;

/** While `work` lasts there are campaigns to send, to `users` each: a fault without work to strike in would be none. */
export async function keptBusy<T>(world: World, users: number, work: () => Promise<T>): Promise<T> {
  let busy = true;
  const feeding = (async () => {
    while (busy) {
      const [ready] = await world.api.db.raw<{ n: number }>(READY_TO_SEND, [users]);
      if (ready!.n < CREW * users) await launch(world.api, await createCampaign(world.api, {}));
      else await rest(50);
    }
  })();
  feeding.catch(() => undefined);
  try {
    return await work();
  } finally {
    busy = false;
    await feeding;
  }
}

/** Lets so many workers die in one run, a few of them alive at a time. `die` starts one and resolves when it is dead. */
export async function inTurn(deaths: number, die: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const place = async (): Promise<void> => {
    try {
      while (next < deaths) await die(next++);
    } finally {
      // Where one does not die, the others need not either.
      next = deaths;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: CREW }, place));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** A worker dies at the `nth` passing of a point. @throws unless it does, there and of that */
export async function dieAt(world: World, point: string, nth: number): Promise<void> {
  const worker = await world.worker({ FAILPOINT: `${point}:${nth}:kill` });
  await worker.waitForLine(/^failpoint (\S+) kill$/m, STRIKE_MS);
  await killed(worker);
  world.faults++;
}

/** @throws unless the process ended by SIGKILL */
export async function killed(worker: TestProcess): Promise<void> {
  const { signal } = await worker.exited;
  if (signal !== 'SIGKILL') throw new Error(`ended by ${signal} instead of SIGKILL:\n${worker.output}`);
}

/** All that holds once a healthy worker has done what the dead left. */
export async function healed(world: World, users: number): Promise<void> {
  const healthy = await world.worker();
  expect(await world.drained()).toBeLessThan(30_000);
  await healthy.leave();
  const history = await world.history();
  expect(history.violations(users)).toEqual([]);
  expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
  expect(history.count('sent') + history.count('unknown')).toBe(history.rows.length);
}
