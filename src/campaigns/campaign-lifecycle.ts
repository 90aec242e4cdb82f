import { Injectable } from '@nestjs/common';
import type { Transaction } from '../platform/database/index.js';
import { conflict } from '../platform/errors/index.js';
import type { CampaignStatus, Schedule } from './campaign.js';
import { refusal, type Verb } from './campaign-state.js';
import { CampaignStore, type CampaignRow, type LockedCampaign } from './campaign-store.js';
import { requireStillThere } from './campaigns.service.js';
import { Occurrences } from './occurrences.js';
import { firstDue, isMissed } from './schedule.js';

/** The verbs. Each holds the campaign's row, so that of a hundred at once one is carried out and the others see its result. */
@Injectable()
export class CampaignLifecycle {
  constructor(
    private readonly store: CampaignStore,
    private readonly occurrences: Occurrences,
  ) {}

  /**
   * Makes the first occurrence.
   * @throws Problem 404; 409 for another state, for a time that has passed and for references that are gone.
   */
  launch(id: string): Promise<CampaignRow> {
    return this.carryOut(id, 'launch', async (tx, { definition, now }) => {
      await requireStillThere(tx, definition);
      refusePassed(definition.schedule, now);
      const run = await this.occurrences.start(tx, id, definition, now);
      if (definition.schedule.type === 'triggered') return 'running';
      if (!run) throw conflict('No occurrence is to come: schedule.until has passed.');
      return run.waves.every(({ dueAt }) => dueAt > now) ? 'scheduled' : 'running';
    });
  }

  /** Never asks for anything but the state: what is wrong with a campaign is one more reason to stop it. */
  pause(id: string): Promise<CampaignRow> {
    return this.carryOut(id, 'pause', async () => 'paused');
  }

  cancel(id: string): Promise<CampaignRow> {
    return this.carryOut(id, 'cancel', async () => 'cancelled');
  }

  resume(id: string): Promise<CampaignRow> {
    return this.carryOut(id, 'resume', async (tx, campaign) => {
      await requireStillThere(tx, campaign.definition);
      return campaign.resumeStatus ?? 'running';
    });
  }

  private async carryOut(
    id: string, verb: Verb, work: (tx: Transaction, campaign: LockedCampaign) => Promise<CampaignStatus>,
  ): Promise<CampaignRow> {
    await this.store.transaction(async (tx) => {
      const campaign = await this.store.lock(tx, id);
      const refused = refusal(campaign.status, verb);
      if (refused) throw conflict(refused);
      const to = await work(tx, campaign);
      if (!(await this.store.transition(tx, campaign, to, null))) throw conflict('The campaign changed in the meantime.');
    });
    return this.store.find(id);
  }
}

function refusePassed(schedule: Schedule, now: Date): void {
  const dueAt = firstDue(schedule, now);
  if (isMissed(dueAt, now)) throw conflict(`schedule.at, ${dueAt.toISOString()}, has passed; give it another time or schedule it now.`);
}
