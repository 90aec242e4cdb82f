import type { CampaignDefinition } from '../campaigns/index.js';
import { calendarWindow } from '../fatigue/index.js';
import { sqlFile, type Queryable, type Transaction } from '../platform/database/index.js';
import type { Settings } from '../settings/index.js';
import { LOCK_BUDGET } from './buckets.js';

type Channel = CampaignDefinition['channel'];
/** A wave as far as budgets ask. */
export interface BudgetedWave {
  readonly waveId: string;
  readonly campaignId: string;
  readonly definition: CampaignDefinition;
}

interface Window {
  channel: Channel;
  startsAt: Date;
}
interface BudgetRow {
  admitted: number;
  price: number;
  tieBuckets: number;
  pricedAt: Date | null;
  pricedWaves: string[];
  recountedAt: Date | null;
}

const read = sqlFile<Window, BudgetRow>(import.meta.url, './sql/read-message-budget.sql');
const spend = sqlFile<Window & { messages: number }>(import.meta.url, './sql/spend-message-budget.sql');
const recount = sqlFile<Window & { now: Date }, { admitted: number }>(import.meta.url, './sql/recount-message-budget.sql');

/** A price is kept for the waves it was computed over, so long: what is admitted and what is still asked shrink together. */
const PRICE_LIFE_MS = 5 * 60_000;
const RECOUNT_MS = 5 * 60_000;

/** What a pass may still admit on a channel, and at what price. Mutable: it shrinks as the pass admits. */
export interface OpenBudget extends Window {
  room: number;
  readonly price: number;
  /** Of those worth exactly the price, by hash: 0 to 10,000. */
  readonly tieBuckets: number;
}

export type OpenBudgets = ReadonlyMap<Channel, OpenBudget>;
export const NO_BUDGETS: OpenBudgets = new Map();

/** Whether a budget holds for the wave: for every marketing message of a channel that has one. */
export function budgetOf(settings: Settings, { channel, class: kind }: CampaignDefinition): number | null {
  return kind === 'transactional' ? null : settings.messageBudget[channel];
}

/** The window of the budgets that the instant lies in. */
export function budgetStart({ messageBudget, defaultTimezone }: Settings, now: Date): Date {
  return calendarWindow(messageBudget.window, defaultTimezone, now).start;
}

/**
 * The budgets that the waves fall under, for a pass: each is locked until the transaction ends, so that what is admitted under it is
 * exact whatever other planners do. Passes that meet at a budget therefore go one after the other.
 * @returns `busy`, another planner holds one; `unpriced`, worth is asked for and has no price yet.
 */
export async function openBudgets(tx: Transaction, settings: Settings, waves: readonly BudgetedWave[], now: Date): Promise<OpenBudgets | 'busy' | 'unpriced'> {
  const concerned = waves.filter(({ definition }) => budgetOf(settings, definition) !== null);
  if (concerned.length === 0) return NO_BUDGETS;
  const budgets = new Map<Channel, OpenBudget>();
  // In one order everywhere, although a try never waits: two planners that each got one would both come away empty.
  for (const channel of ['push', 'email'] as const) {
    const own = concerned.filter(({ definition }) => definition.channel === channel);
    if (own.length === 0) continue;
    const [lock] = await tx.query(LOCK_BUDGET.statement, { lockClass: LOCK_BUDGET.class, bucket: channel === 'push' ? 0 : 1 });
    if (!lock!.locked) return 'busy';
    const row = await readBudget(tx, { channel, startsAt: budgetStart(settings, now) });
    if (own.some(({ definition, waveId }) => definition.worth && !row.pricedWaves.includes(waveId)) || isStale(row, own, now)) return 'unpriced';
    budgets.set(channel, await opened(tx, settings, channel, row, now));
  }
  return budgets;
}

function isStale({ pricedAt }: BudgetRow, waves: readonly BudgetedWave[], now: Date): boolean {
  return waves.some(({ definition }) => definition.worth) && (pricedAt === null || now.getTime() - pricedAt.getTime() > PRICE_LIFE_MS);
}

async function opened(tx: Transaction, settings: Settings, channel: Channel, row: BudgetRow, now: Date): Promise<OpenBudget> {
  const window = { channel, startsAt: budgetStart(settings, now) };
  const limit = settings.messageBudget[channel]!;
  let { admitted } = row;
  if (admitted >= limit && admitted > 0 && (row.recountedAt === null || now.getTime() - row.recountedAt.getTime() > RECOUNT_MS)) {
    [{ admitted }] = (await tx.query(recount, { ...window, now })) as [{ admitted: number }];
  }
  return { ...window, price: row.price, tieBuckets: row.tieBuckets, room: Math.max(0, limit - admitted) };
}

/** As they stand, without a lock: to foretell and to explain. */
export async function peekBudgets(on: Queryable, settings: Settings, now: Date): Promise<OpenBudgets> {
  const budgets = new Map<Channel, OpenBudget>();
  for (const channel of ['push', 'email'] as const) {
    const limit = settings.messageBudget[channel];
    if (limit === null) continue;
    const window = { channel, startsAt: budgetStart(settings, now) };
    const { admitted, price, tieBuckets } = await readBudget(on, window);
    budgets.set(channel, { ...window, price, tieBuckets, room: Math.max(0, limit - admitted) });
  }
  return budgets;
}

async function readBudget(on: Queryable, window: Window): Promise<BudgetRow> {
  const [row] = await on.query(read, window);
  return row!;
}

/** Takes what was admitted out of the budget, within the transaction that admitted it. */
export async function spendBudget(tx: Transaction, budget: OpenBudget, messages: number): Promise<void> {
  if (messages === 0) return;
  budget.room -= messages;
  await tx.query(spend, { channel: budget.channel, startsAt: budget.startsAt, messages });
}

/** The open budget that the wave takes from, if one holds for it. */
export function openBudgetOf(budgets: OpenBudgets, { channel, class: kind }: CampaignDefinition): OpenBudget | undefined {
  return kind === 'transactional' ? undefined : budgets.get(channel);
}

/** What the deciding statement needs to know of the wave's budget. */
export function budgetParameters(budgets: OpenBudgets, { definition, campaignId }: BudgetedWave): Record<string, unknown> {
  const budget = openBudgetOf(budgets, definition);
  return {
    budgetRoom: budget?.room ?? null, price: budget?.price ?? 0, tieBuckets: budget?.tieBuckets ?? 0,
    // By campaign and window: who has no luck today may have it tomorrow.
    tieSalt: budget ? `${campaignId}:${budget.startsAt.toISOString()}:tie` : '',
  };
}
