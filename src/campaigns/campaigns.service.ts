import { Injectable } from '@nestjs/common';
import type { Transaction } from '../platform/database/index.js';
import { conflict, invalid, invalidField } from '../platform/errors/index.js';
import { validationPipe } from '../platform/http/index.js';
import { Random } from '../platform/random/index.js';
import type { CampaignDefinition } from './campaign.js';
import { frozenChanges, patchedBody, toDefinition } from './campaign-definition.js';
import { CampaignBody } from './campaign.dto.js';
import { CampaignStore, type CampaignFilter, type CampaignRow, type LockedCampaign, type RunRow } from './campaign-store.js';
import { referenceErrors } from './references.js';
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
    const name = `${definition.name.slice(0, MAX_NAME - COPY.length)}${COPY}`;
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
      if (campaign.status === 'paused') await this.adjustRun(tx, campaign, next);
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

  private async adjustRun(tx: Transaction, { id, definition, now }: LockedCampaign, next: CampaignDefinition): Promise<void> {
    const run = await this.store.openRun(tx, id);
    if (!run) return;
    const moved = firstDue(next.schedule, now).getTime() !== firstDue(definition.schedule, now).getTime();
    if (moved && (run.begun || run.scheduledFor <= now)) {
      throw conflict(`The campaign has been due since ${run.scheduledFor.toISOString()}; its schedule cannot change any more.`);
    }
    const dueAt = moved ? firstDue(next.schedule, now) : run.scheduledFor;
    if (moved && isMissed(dueAt, now)) throw conflict(`schedule.at, ${dueAt.toISOString()}, has passed.`);
    await this.store.adjustRun(tx, run.id, next, dueAt);
  }

  private validated(body: Record<string, unknown>): Promise<CampaignBody> {
    return this.validation.transform(body, { type: 'body', metatype: CampaignBody }) as Promise<CampaignBody>;
  }

  private salt(): string {
    return this.random.bytes(SALT_BYTES).toString('hex');
  }
}

const COPY = ' (copy)';

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
