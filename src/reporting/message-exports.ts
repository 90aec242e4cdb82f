import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { MessageIds } from '../planning/index.js';
import { ApiDatabase } from '../platform/database/index.js';
import { SettingsService } from '../settings/index.js';
import { MESSAGE_COLUMNS, type ExportedMessage } from './export/columns.js';
import { encoderFor, type Format } from './export/encoders.js';
import { ExportSlots } from './export/export-slots.js';
import { readRows } from './export/row-cursor.js';
import { sendExport } from './export/send-export.js';
import { selectMessages, type MessageFilter, type MessageRow } from './message-rows.js';

/** Lists and streams of single messages. */
@Injectable()
export class MessageExports {
  constructor(
    private readonly database: ApiDatabase,
    private readonly settings: SettingsService,
    private readonly ids: MessageIds,
    private readonly slots: ExportSlots,
  ) {}

  /** At most `limit + 1` rows in the order of the ledger: the surplus one says that there is more. */
  async page(filter: MessageFilter, limit: number): Promise<(ExportedMessage & { id: string })[]> {
    const { text, values } = selectMessages(filter, (await this.settings.get()).currency, 'ledger', limit + 1);
    const rows = await this.database.raw<MessageRow>(text, values);
    return rows.map((row) => ({ ...this.present(row), id: row.id }));
  }

  /** Everything that one person was or was not sent, the newest first. */
  async ofUser(filter: MessageFilter): Promise<ExportedMessage[]> {
    const { text, values } = selectMessages(filter, (await this.settings.get()).currency, 'newest');
    return (await this.database.raw<MessageRow>(text, values)).map((row) => this.present(row));
  }

  async send(response: Response, name: string, format: Format, filter: MessageFilter): Promise<void> {
    // One campaign's rows come in order by its index; all campaigns' rows as they lie, because nothing has them in order.
    const order = filter.campaignId === undefined ? 'none' : 'ledger';
    const statement = selectMessages(filter, (await this.settings.get()).currency, order);
    const file = { name, format, encoder: encoderFor(format, MESSAGE_COLUMNS) };
    await this.slots.take(() => sendExport(response, file, (gone) => this.presented(readRows<MessageRow>(this.database, statement, gone))));
  }

  private async *presented(batches: AsyncGenerator<MessageRow[]>): AsyncGenerator<ExportedMessage[]> {
    for await (const rows of batches) yield rows.map((row) => this.present(row));
  }

  private present({ month, internalId, id, ...row }: MessageRow): ExportedMessage {
    return { messageId: this.ids.encode({ month, userId: internalId, id }), ...row };
  }
}
