import { Injectable } from '@nestjs/common';
import { rowFault, type RejectedRow } from '../platform/http/index.js';
import { INSTANT_MESSAGE, parseInstant } from '../platform/time/index.js';
import type { MessageEvent } from './message-events.js';
import { MessageReports, type MessageReport } from './message-reports.js';
import { Messages } from './messages.js';

export const APP_EVENT_TYPES = ['delivered', 'opened', 'dismissed'] as const;
export const ACTION_LENGTH = 200;
const FIELDS = ['messageId', 'type', 'occurredAt', 'action'];
const NO_MESSAGE = 'names no message of ours';

export interface AppEvent {
  readonly messageId: string;
  readonly type: (typeof APP_EVENT_TYPES)[number];
  /** By the phone's clock. */
  readonly occurredAt: Date;
  readonly action?: string;
}

/** What apps report of messages. A tap on a push is `opened` and counts as `clicked`. */
@Injectable()
export class AppEvents {
  constructor(
    private readonly messages: Messages,
    private readonly reports: MessageReports,
  ) {}

  /** @returns whether the id names a message that left or is leaving */
  async take(event: AppEvent): Promise<boolean> {
    const report = this.reportOf(event);
    return report !== undefined && this.reports.take(report);
  }

  /** Many at once, of an app that was offline or a backend that gathers; a bad row loses only itself. */
  async takeAll(rows: readonly unknown[]): Promise<{ accepted: number; rejected: RejectedRow[] }> {
    const rejected: RejectedRow[] = [];
    const given: { index: number; report: MessageReport }[] = [];
    rows.forEach((row, index) => {
      const event = parseAppEvent(row, index);
      const report = 'message' in event ? undefined : this.reportOf(event);
      if (report) given.push({ index, report });
      else rejected.push('message' in event ? event : { index, path: 'messageId', message: NO_MESSAGE });
    });
    const taken = await this.reports.takeAll(given.map(({ report }) => report));
    given.forEach(({ index }, i) => taken[i] || rejected.push({ index, path: 'messageId', message: NO_MESSAGE }));
    return { accepted: rows.length - rejected.length, rejected: rejected.sort((a, b) => a.index - b.index) };
  }

  private reportOf({ messageId, type, occurredAt, action }: AppEvent): MessageReport | undefined {
    const ref = this.messages.refOf(messageId);
    if (!ref) return undefined;
    const event: MessageEvent = { ref, type, machine: false, source: 'app', occurredAt, ...(action === undefined ? {} : { action }) };
    return { ref, eventsOf: ({ channel }) => (type === 'opened' && channel === 'push' ? [event, { ...event, type: 'clicked' }] : [event]) };
  }
}

export function parseAppEvent(row: unknown, index: number): AppEvent | RejectedRow {
  const fault = rowFault(row);
  if (fault) return { index, ...fault };
  const { messageId, type, occurredAt, action, ...others } = row as Record<string, unknown>;
  const refuse = (path: string, message: string): RejectedRow => ({ index, path, message });
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return refuse(unknown, `property ${unknown} should not exist (known are ${FIELDS.join(', ')})`);
  if (typeof messageId !== 'string') return refuse('messageId', NO_MESSAGE);
  if (!APP_EVENT_TYPES.includes(type as never)) return refuse('type', `must be one of ${APP_EVENT_TYPES.join(', ')}`);
  const at = typeof occurredAt === 'string' ? parseInstant(occurredAt) : undefined;
  if (!at) return refuse('occurredAt', INSTANT_MESSAGE);
  if (action !== undefined && (typeof action !== 'string' || action.length < 1 || action.length > ACTION_LENGTH)) {
    return refuse('action', `must be text of 1 to ${ACTION_LENGTH} characters`);
  }
  return { messageId, type: type as AppEvent['type'], occurredAt: at, ...(action === undefined ? {} : { action: action as string }) };
}
