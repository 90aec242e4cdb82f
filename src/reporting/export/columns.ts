import type { MessageRow } from '../message-rows.js';
import type { DayRow, SegmentRow } from '../results.js';
import type { Cell } from './csv.js';

export type ColumnType = 'text' | 'time' | 'integer' | 'number' | 'list';

/** A column of an export, its name as the contract has it. */
export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: Row) => Cell;
}

export type ExportedMessage = Omit<MessageRow, 'month' | 'internalId' | 'id'> & { messageId: string };

const column = <Row>(name: keyof Row & string, type: ColumnType): Column<Row> => ({ name, type, of: (row) => row[name] as Cell });
const columns = <Row>(type: ColumnType, ...names: (keyof Row & string)[]): Column<Row>[] => names.map((name) => column<Row>(name, type));

export const MESSAGE_COLUMNS: readonly Column<ExportedMessage>[] = [
  ...columns<ExportedMessage>('text', 'messageId', 'campaignId', 'campaignName', 'runId', 'userId', 'channel', 'topic', 'class', 'variant', 'outcome', 'reason'),
  ...columns<ExportedMessage>('time', 'dueAt', 'decidedAt', 'sentAt', 'deliveredAt', 'openedAt', 'clickedAt', 'unsubscribedAt', 'firstConvertedAt'),
  column('conversions', 'integer'), column('revenue', 'number'), column('currency', 'text'), column('segments', 'list'),
  column('messagesIn7d', 'integer'), column('templateVersion', 'integer'), column('updatedAt', 'time'), column('doubts', 'integer'),
];

export const DAY_COLUMNS: readonly Column<DayRow>[] = [
  column('day', 'text'),
  ...columns<DayRow>('integer', 'audience', 'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'converted'),
  column('revenue', 'number'),
];

export const SEGMENT_COLUMNS: readonly Column<SegmentRow>[] = [
  column('segment', 'text'),
  ...columns<SegmentRow>('integer', 'audience', 'holdout', 'suppressed', 'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'converted'),
  column('revenue', 'number'),
];
