import { Injectable } from '@nestjs/common';
import { Campaigns, type CampaignRow } from '../campaigns/index.js';
import { FatiguePolicies } from '../fatigue/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Transaction } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { parseDuration } from '../platform/time/index.js';
import type { CapCounter } from './cap-counters.js';
import { decideWave } from './decide-wave.js';
import { gatesOf, outcomeOfNow, type Gate, type ShownVerdict, type ShownWorth } from './gates.js';
import { NO_BUDGETS, peekBudgets, type OpenBudgets } from './message-budgets.js';
import { MessageIds } from './message-id.js';
import type { PassFacts } from './pass-facts.js';
import { PassWorlds, type PassRules } from './pass-worlds.js';
import type { PassWave } from './pass-parameters.js';
import { UserFatigueReader } from './user-fatigue.js';

export interface Explanation {
  outcome: string;
  reason?: string;
  gates: Gate[];
  counters: CapCounter[];
  outrankedBy?: { campaignId: string; messageId?: string };
  nextEligibleAt?: Date;
  /** Of a campaign with `worth`: the terms of the decision, in the settings' currency. */
  worth?: ShownWorth;
  decidedAt: Date;
  policyVersion: number;
  templateVersion: number | null;
}

interface DecidedRow {
  internalId: string;
  id: string | null;
  runId: string;
  waveId: string;
  month: string;
  dueAt: Date;
  decidedAt: Date;
  expiresAt: Date;
  state: string;
  reason: string | null;
  cap: number | null;
  freeAt: Date | null;
  policyVersion: number;
  templateVersion: number | null;
  blockingCampaignId: string | null;
  blockingId: string | null;
  blockingMonth: string | null;
  sending: boolean;
  worth: ShownWorth | null;
}

const findDecidedRow = sqlFile<{ userId: string; campaignId: string; runId: string | null }, DecidedRow>(
  import.meta.url, './sql/find-decided-row.sql');

const findEntry = sqlFile<{ userId: string; campaignId: string }, { id: string }>(import.meta.url, './sql/find-open-entry.sql');

const HYPOTHETICAL = '-1';
const DISPLACED = ['outranked', 'reserved_for_priority'];

/** Why: the recorded decision where there is one, with the other gates recomputed as of then; else what would be decided. */
@Injectable()
export class Explainer {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
    private readonly campaigns: Campaigns,
    private readonly policies: FatiguePolicies,
    private readonly worlds: PassWorlds,
    private readonly fatigue: UserFatigueReader,
    private readonly messageIds: MessageIds,
  ) {}

  async explain(campaignId: string, userId: string, at?: Date, runId?: string): Promise<Explanation> {
    const campaign = await this.campaigns.get(campaignId);
    const [row] = await this.database.query(findDecidedRow, { userId, campaignId, runId: runId ?? null });
    if (!row) throw notFound('user');
    if (runId !== undefined && row.id === null) throw notFound('decision on this user in that run');
    return at === undefined && row.id !== null ? this.recorded(campaign, userId, row) : this.hypothetical(campaign, userId, row.internalId, at);
  }

  private async recorded(campaign: CampaignRow, userId: string, row: DecidedRow): Promise<Explanation> {
    const { policy } = await this.policies.at(row.policyVersion);
    const rules = { ...(await this.worlds.rules()), policy, policyVersion: row.policyVersion };
    const wave: PassWave = { ...subjectOf(campaign, row.dueAt), runId: row.runId, waveId: row.waveId, month: row.month, expiresAt: row.expiresAt, passed: row.reason === 'local_time_passed' };
    const { shown, counted } = await this.verdict(rules, wave, row.internalId, row.decidedAt, (facts) => facts.recall(row.internalId, row.id!));
    const full = row.cap === null || row.blockingId === null ? undefined : { cap: row.cap, blockingId: row.blockingId };
    const counters = (await this.fatigue.read(userId, row.decidedAt, { policyVersion: row.policyVersion, counted, full })).caps;
    const capFreeAt = shown.capFreeAt ?? (full && counters[full.cap]?.freeAt) ?? null;
    // Models are refitted, so the terms are as recorded wherever there are any.
    const verdict = { ...shown, capFreeAt, ...(row.worth ? { worth: row.worth } : {}) };
    const outcome = row.state === 'queued' && row.sending ? 'sending' : row.state;
    const recorded = { outcome, reason: row.reason, cap: row.cap, blockingId: row.blockingId };
    return {
      outcome, gates: gatesOf(verdict, policy, recorded), counters, decidedAt: row.decidedAt,
      policyVersion: row.policyVersion, templateVersion: row.templateVersion,
      ...(row.reason ? { reason: row.reason } : {}),
      ...(row.blockingCampaignId && DISPLACED.includes(row.reason!) ? { outrankedBy: this.outranker(row) } : {}),
      ...(row.freeAt ? { nextEligibleAt: row.freeAt } : {}),
      ...(verdict.worth ? { worth: verdict.worth } : {}),
    };
  }

  /** Who took the slot, or holds it: only the former has a message to show. */
  private outranker(row: DecidedRow): { campaignId: string; messageId?: string } {
    if (row.blockingId === null || row.blockingMonth === null || row.reason !== 'outranked') return { campaignId: row.blockingCampaignId! };
    const ref = { month: row.blockingMonth!, userId: row.internalId, id: row.blockingId! };
    return { campaignId: row.blockingCampaignId!, messageId: this.messageIds.encode(ref) };
  }

  private async hypothetical(campaign: CampaignRow, userId: string, internalId: string, at?: Date): Promise<Explanation> {
    const rules = await this.worlds.rules();
    const now = at ?? this.clock.now();
    const recall = async (facts: PassFacts): Promise<void> => void (at && (await facts.recallNow(internalId)));
    const { shown: verdict } = await this.verdict(rules, subjectOf(campaign, now), internalId, now, recall, (tx) => peekBudgets(tx, rules.settings, now));
    const counters = (await this.fatigue.read(userId, at)).caps;
    const outcome = await this.triggered(campaign, internalId) ? outcomeOfNow(verdict) : 'not_triggered';
    return {
      outcome, gates: gatesOf(verdict, rules.policy), counters, decidedAt: now, policyVersion: rules.policyVersion, templateVersion: null,
      ...(verdict.reason && !['not_in_audience', 'not_triggered'].includes(outcome) ? { reason: verdict.reason } : {}),
      ...(verdict.reserveCampaignId && verdict.reason === 'reserved_for_priority' ? { outrankedBy: { campaignId: verdict.reserveCampaignId } } : {}),
      ...(verdict.freeAt ? { nextEligibleAt: verdict.freeAt } : {}),
      ...(verdict.worth ? { worth: verdict.worth } : {}),
    };
  }

  /** Whether anything would be decided on the user at all: of a triggered campaign, only where an entry waits. */
  private async triggered(campaign: CampaignRow, internalId: string): Promise<boolean> {
    if (campaign.definition.schedule.type !== 'triggered') return true;
    return (await this.database.query(findEntry, { userId: internalId, campaignId: campaign.id })).length > 0;
  }

  /**
   * @param recall what it counts where that is not simply what counts now.
   * @param budgets none of a recorded decision: the budget of then is not known; the price it met stands with its terms.
   */
  private verdict<Counted>(
    rules: PassRules, wave: PassWave, internalId: string, at: Date, recall: (facts: PassFacts) => Promise<Counted>,
    budgets: (tx: Transaction) => Promise<OpenBudgets> = async () => NO_BUDGETS,
  ): Promise<{ shown: ShownVerdict; counted: Counted }> {
    const range = { fromId: internalId, toId: String(BigInt(internalId) + 1n) };
    return this.database.transaction(async (tx: Transaction) => {
      const open = await this.worlds.at(tx, rules, at, range, [wave.waveId]);
      const counted = await recall(open.facts);
      const world = { ...open, budgets: await budgets(tx) };
      const [shown] = await decideWave<ShownVerdict>(tx, this.worlds.predicates, wave, world, range, 'one', 'show');
      return { shown: shown!, counted };
    });
  }
}

function subjectOf(campaign: CampaignRow, at: Date): PassWave {
  const { definition, salt, id, topicId } = campaign;
  return {
    waveId: HYPOTHETICAL, runId: HYPOTHETICAL, campaignId: id, definition, salt, topicId, topicKey: definition.topic ?? null, dueAt: at,
    month: `${at.toISOString().slice(0, 7)}-01`, expiresAt: new Date(at.getTime() + parseDuration(definition.expiresAfter)!),
    scheduledFor: at, localAt: null, zones: null, slot: null, lastSlot: false, passed: false,
  };
}
