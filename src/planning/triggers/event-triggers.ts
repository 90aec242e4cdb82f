import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { CampaignDefinition, TriggeredSchedule } from '../../campaigns/index.js';
import { IngestHooks, type AcceptedEvent } from '../../events/index.js';
import { Clock } from '../../platform/clock/index.js';
import { sqlFile, type Transaction } from '../../platform/database/index.js';
import { TriggerEntries } from './trigger-entries.js';
import type { Occasion, WaitingCampaign } from './trigger.js';

export interface WaitingRow {
  id: string;
  definition: CampaignDefinition;
  launchedAt: Date;
}

const findEventTriggers = sqlFile<{ names: string[] }, WaitingRow>(import.meta.url, '../sql/find-event-triggers.sql');

/** Lets users in by their events, in the transaction that stores the event: an event that is kept has triggered, one that is not has not. */
@Injectable()
export class EventTriggers implements OnModuleInit {
  constructor(
    private readonly hooks: IngestHooks,
    private readonly entries: TriggerEntries,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.hooks.register((tx, accepted) => this.enter(tx, accepted));
  }

  private async enter(tx: Transaction, accepted: readonly AcceptedEvent[]): Promise<void> {
    const live = accepted.filter(({ imported }) => imported !== true);
    if (live.length === 0) return;
    const names = [...new Set(live.map(({ name }) => name))];
    const campaigns = await tx.query(findEventTriggers, { names });
    if (campaigns.length === 0) return;
    await this.entries.admit(tx, campaigns.map((row) => {
      const campaign = waiting(row);
      return { campaign, occasions: live.filter(({ name }) => name === campaign.schedule.event).map(occasionOf) };
    }), this.clock.now());
  }
}

export function waiting({ id, definition, launchedAt }: WaitingRow): WaitingCampaign {
  return { id, launchedAt, expiresAfter: definition.expiresAfter, schedule: definition.schedule as TriggeredSchedule };
}

function occasionOf({ userId, eventId, name, occurredAt, value, currency, properties }: AcceptedEvent): Occasion {
  const event = {
    name, occurredAt: occurredAt.toISOString(), value: value === null ? null : Number(value), currency,
    properties: properties === null ? {} : (JSON.parse(properties) as Record<string, unknown>),
  };
  return { userId, at: occurredAt, source: `event:${eventId}`, event };
}
