import { Injectable } from '@nestjs/common';
import { sqlFile, type Transaction } from '../../platform/database/index.js';
import { entryOf, letIn, reentryMs, type Entry, type Occasion, type WaitingCampaign } from './trigger.js';

interface EntryColumns {
  userIds: string[];
  campaignIds: string[];
  times: Date[];
  dues: Date[];
  expiries: Date[];
  sources: string[];
  events: (string | null)[];
}

interface Keys {
  userIds: string[];
  campaignIds: string[];
}

const here = import.meta.url;
const insertEntries = sqlFile<EntryColumns, { id: string }>(here, '../sql/insert-trigger-entries.sql');
const seedStates = sqlFile<Keys>(here, '../sql/seed-trigger-states.sql');
const lockStates = sqlFile<Keys, { userId: string; campaignId: string; lastAt: Date | null }>(here, '../sql/lock-trigger-states.sql');
const writeStates = sqlFile<Keys & { times: Date[] }>(here, '../sql/write-trigger-states.sql');

/** Who enters triggered campaigns. */
@Injectable()
export class TriggerEntries {
  /** Lets in whom the occasions let in. @returns how many entries were made. */
  async admit(tx: Transaction, campaigns: readonly { campaign: WaitingCampaign; occasions: readonly Occasion[] }[], now: Date): Promise<number> {
    const free: Entry[] = [];
    const limited: { entries: Entry[]; leastMs: number }[] = [];
    for (const { campaign, occasions } of campaigns) {
      const entries = occasions.flatMap((occasion) => entryOf(campaign, occasion, now) ?? []);
      const leastMs = reentryMs(campaign.schedule);
      if (leastMs === 0) free.push(...entries);
      else if (entries.length > 0) limited.push({ entries, leastMs });
    }
    const admitted = [...free, ...(await this.limit(tx, limited))];
    return admitted.length === 0 ? 0 : (await tx.query(insertEntries, columns(admitted))).length;
  }

  /** Holds the state of each user and campaign, so that of two batches at once the second sees the first one's entry. */
  private async limit(tx: Transaction, groups: readonly { entries: Entry[]; leastMs: number }[]): Promise<Entry[]> {
    const byKey = new Map<string, { entries: Entry[]; leastMs: number }>();
    for (const { entries, leastMs } of groups) {
      for (const entry of entries) {
        const group = byKey.get(keyOf(entry));
        if (group) group.entries.push(entry);
        else byKey.set(keyOf(entry), { entries: [entry], leastMs });
      }
    }
    if (byKey.size === 0) return [];
    const keys = keysOf([...byKey.values()].map(({ entries }) => entries[0]!));
    await tx.query(seedStates, keys);
    const admitted = (await tx.query(lockStates, keys)).map((state) => {
      const { entries, leastMs } = byKey.get(keyOf(state))!;
      return letIn(entries, leastMs, state.lastAt);
    }).filter((entries) => entries.length > 0);
    const last = admitted.map((entries) => entries.at(-1)!);
    if (last.length > 0) await tx.query(writeStates, { ...keysOf(last), times: last.map(({ at }) => at) });
    return admitted.flat();
  }
}

function keyOf({ userId, campaignId }: { userId: string; campaignId: string }): string {
  return `${userId} ${campaignId}`;
}

function keysOf(entries: readonly Entry[]): Keys {
  return { userIds: entries.map(({ userId }) => userId), campaignIds: entries.map(({ campaignId }) => campaignId) };
}

function columns(entries: readonly Entry[]): EntryColumns {
  return {
    ...keysOf(entries),
    times: entries.map(({ at }) => at),
    dues: entries.map(({ dueAt }) => dueAt),
    expiries: entries.map(({ expiresAt }) => expiresAt),
    sources: entries.map(({ source }) => source),
    events: entries.map(({ event }) => (event === null ? null : JSON.stringify(event))),
  };
}
