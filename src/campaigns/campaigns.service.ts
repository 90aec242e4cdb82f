import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../platform/database/index.js';
import { conflict, invalid, invalidField } from '../platform/errors/index.js';
import { validationPipe } from '../platform/http/index.js';
import { Random } from '../platform/random/index.js';
import { parseInstant } from '../platform/time/index.js';
import type { CampaignDefinition, Schedule } from './campaign.js';
import { frozenChanges, patchedBody, toDefinition } from './campaign-definition.js';
import { CampaignBody } from './campaign.dto.js';
import { CampaignStore, type CampaignFilter, type CampaignRow, type LockedCampaign, type RunRow } from './campaign-store.js';
import { referenceErrors } from './references.js';
import { Occurrences } from './occurrences.js';
import { firstDue, isMissed } from './schedule.js';

const SALT_BYTES = 12;
const MAX_NAME = 200;

/** Making, reading and changing campaigns; what starts and stops them is in CampaignLifecycle. */
@Injectable()
export class Campaigns {
  private readonly validation = validationPipe();

  constructor(
    private readonly store: CampaignStore,
    private readonly random: Random,
    private readonly occurrences: Occurrences,
  ) {}

  /** @throws Problem 404 */
  get(id: string): Promise<CampaignRow> {
    return this.store.find(id);
  }

  list(filter: CampaignFilter): Promise<CampaignRow[]> {
    return this.store.list(filter);
  }

  /** @throws Problem 404 */
  async runs(id: string, after: string | null, limit: number): Promise<RunRow[]> {
    await this.store.find(id);
    return this.store.runs(id, after, limit);
  }

  /** @throws Problem 400 naming every field that refers to nothing. */
  async create(body: CampaignBody): Promise<CampaignRow> {
    const definition = toDefinition(body);
    const id = await this.store.transaction(async (tx) => {
      await requireReferences(tx, definition, body.template !== undefined);
      return this.store.insert(tx, definition, this.salt());
    });
    return this.store.find(id);
  }

  /** A new draft with the same definition and a salt, so a holdout, of its own. @throws Problem 404, or 409 where what it names is gone. */
  async duplicate(id: string): Promise<CampaignRow> {
    const { definition } = await this.store.find(id);
    // By characters, as its length is checked: half of a pair is no text.
    const name = [...definition.name].slice(0, MAX_NAME - COPY.length).join('') + COPY;
    const copyId = await this.store.transaction(async (tx) => {
      await requireStillThere(tx, definition);
      return this.store.insert(tx, { ...definition, name }, this.salt());
    });
    return this.store.find(copyId);
  }

  /** @throws Problem 404, 409 for a state in which this may not change, 400 naming every wrong field. */
  async update(id: string, patch: unknown): Promise<CampaignRow> {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) throw invalidField('', 'must be a JSON object');
    await this.store.transaction(async (tx) => {
      const campaign = await this.store.lock(tx, id);
      if (campaign.status !== 'draft' && campaign.status !== 'paused') {
        throw conflict(`A campaign that is ${campaign.status} cannot be changed; pause it first if it is scheduled or running.`);
      }
      const body = await this.validated(patchedBody(campaign.definition, patch as Record<string, unknown>));
      const next = toDefinition(body);
      if (campaign.status === 'paused') refuseFrozen(campaign.definition, next);
      await requireReferences(tx, next, body.template !== undefined);
      await this.store.update(tx, id, next, campaign.now);
      if (campaign.status === 'paused') await this.adjustRuns(tx, campaign, next);
    });
    return this.store.find(id);
  }

  /** @throws Problem 404, or 409 for anything but a draft. */
  async delete(id: string): Promise<void> {
    await this.store.transaction(async (tx) => {
      const { status } = await this.store.lock(tx, id);
      if (status !== 'draft') throw conflict(`A campaign that is ${status} cannot be deleted; only a draft can.`);
      if (!(await this.store.deleteDraft(tx, id))) throw conflict('Test messages of this draft are still being sent.');
    });
  }

  private async adjustRuns(tx: Transaction, campaign: LockedCampaign, next: CampaignDefinition): Promise<void> {
    await this.store.adjustRuns(tx, campaign.id, campaign.definition, next);
    if (!sameSchedule(campaign.definition.schedule, next.schedule)) await this.reschedule(tx, campaign, next);
  }

  /** A recurrence begins anew with its next occurrence; a trigger's entries are judged anew; anything else moves only while it has not come. */
  private async reschedule(tx: Transaction, { id, now, definition }: LockedCampaign, next: CampaignDefinition): Promise<void> {
    if (next.schedule.type === 'triggered') return;
    const run = await this.store.openRun(tx, id);
    if (next.schedule.type !== 'recurring') {
      if (!run) return;
      if (run.begun || run.scheduledFor <= now) {
        throw conflict(`The campaign has been due since ${run.scheduledFor.toISOString()}; its schedule cannot change any more.`);
      }
      const dueAt = firstDue(next.schedule, now);
      if (isMissed(dueAt, now)) throw conflict(`schedule.at, ${dueAt.toISOString()}, has passed.`);
      if (next.schedule.type === 'at') {
        await this.occurrences.ensureMonth(tx, dueAt);
        return this.store.moveRun(tx, run.id, next, dueAt);
      }
    }
    if (next.schedule.type === 'recurring') await this.occurrences.makeMissed(tx, id, { ...next, schedule: definition.schedule }, now);
    await this.store.deleteFutureRuns(tx, id, now);
    if (next.schedule.type === 'recurring') await this.occurrences.endOthers(tx, id, next.schedule, now);
    if (!(await this.occurrences.start(tx, id, next, now))) throw conflict('No occurrence is to come: schedule.until has passed.');
  }

  private validated(body: Record<string, unknown>): Promise<CampaignBody> {
    return this.validation.transform(body, { type: 'body', metatype: CampaignBody }) as Promise<CampaignBody>;
  }

  private salt(): string {
    return this.random.bytes(SALT_BYTES).toString('hex');
  }
}

const COPY = ' (copy)';

/** By value, whatever the order in which the database gives the fields back. */
function sameSchedule(a: Schedule, b: Schedule): boolean {
  if (a.type === 'at' && b.type === 'at') return parseInstant(a.at)?.getTime() === parseInstant(b.at)?.getTime();
  return isDeepStrictEqual(a, b);
}

function refuseFrozen(current: CampaignDefinition, next: CampaignDefinition): void {
  const frozen = frozenChanges(current, next);
  if (frozen.length > 0) throw conflict(`While a campaign is paused, these cannot change: ${frozen.join(', ')}.`);
}

async function requireReferences(tx: Transaction, definition: CampaignDefinition, shorthand: boolean): Promise<void> {
  const errors = await referenceErrors(tx, definition, shorthand);
  if (errors.length > 0) throw invalid(errors);
}

/** For verbs: nothing is wrong with the request, but what the campaign names may have gone since. @throws Problem 409 */
export async function requireStillThere(tx: Transaction, definition: CampaignDefinition): Promise<void> {
  const errors = await referenceErrors(tx, definition, false);
  if (errors.length > 0) throw conflict(`The campaign refers to what is not there: ${errors.map(({ path, message }) => `${path}: ${message}`).join('; ')}.`);
}
