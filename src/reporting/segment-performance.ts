import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { notFound } from '../platform/errors/index.js';
import { SettingsService } from '../settings/index.js';
import { ratio } from './lift-panel.js';
import { inSnapshot } from './snapshot.js';

interface MeasureRow {
  level: 'all' | 'channel' | 'pressure';
  channel: 'push' | 'email' | null;
  messagesIn7d: number | null;
  sent: number;
  opened: number;
  clicked: number;
  unsubscribed: number;
  converted: number;
  revenue: number;
}

/** Rates are over `sent`, null where nothing was sent; revenue in the settings' currency. */
export interface Measured {
  sent: number;
  opened: number;
  clicked: number;
  unsubscribed: number;
  converted: number;
  revenue: number;
  openRate: number | null;
  unsubscribeRate: number | null;
  conversionRate: number | null;
  revenuePerMessage: number | null;
}

export interface SegmentPerformance extends Measured {
  byChannel: { push: Measured; email: Measured };
  /** By the messages that the person had had in the 7 days before: where a segment starts to leave. */
  byPressure: { messagesIn7d: number; sent: number; openRate: number | null; unsubscribeRate: number | null }[];
}

const findSegment = sqlFile<{ key: string }, { id: string }>(import.meta.url, './sql/find-segment-id.sql');
const measure = sqlFile<{ segmentId: string | null; from: Date | null; to: Date | null; currency: string }, MeasureRow>(
  import.meta.url, './sql/measure-segment.sql');

// Built in: it has no row and no members, everybody is in it.
const EVERYONE = 'everyone';
const NOTHING: MeasureRow = { level: 'all', channel: null, messagesIn7d: null, sent: 0, opened: 0, clicked: 0, unsubscribed: 0, converted: 0, revenue: 0 };

@Injectable()
export class SegmentPerformances {
  constructor(
    private readonly database: ApiDatabase,
    private readonly settings: SettingsService,
  ) {}

  /** @throws Problem 404 */
  async of(key: string, from: Date | null, to: Date | null): Promise<SegmentPerformance> {
    const { currency } = await this.settings.get();
    return inSnapshot(this.database, async (tx) => {
      const [segment] = await tx.query(findSegment, { key });
      if (!segment && key !== EVERYONE) throw notFound('segment');
      const rows = await tx.query(measure, { segmentId: key === EVERYONE ? null : segment!.id, from, to, currency });
      const of = (channel: 'push' | 'email'): Measured => measured(rows.find((row) => row.level === 'channel' && row.channel === channel) ?? NOTHING);
      return {
        ...measured(rows.find((row) => row.level === 'all') ?? NOTHING),
        byChannel: { push: of('push'), email: of('email') },
        byPressure: rows.filter((row) => row.level === 'pressure').map((row) => ({
          messagesIn7d: row.messagesIn7d!, sent: row.sent, openRate: ratio(row.opened, row.sent), unsubscribeRate: ratio(row.unsubscribed, row.sent),
        })),
      };
    });
  }
}

function measured({ sent, opened, clicked, unsubscribed, converted, revenue }: MeasureRow): Measured {
  return {
    sent, opened, clicked, unsubscribed, converted, revenue, openRate: ratio(opened, sent), unsubscribeRate: ratio(unsubscribed, sent),
    conversionRate: ratio(converted, sent), revenuePerMessage: ratio(revenue, sent),
  };
}
