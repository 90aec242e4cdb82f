import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase } from '../platform/database/index.js';
import { conflict, invalid, invalidField, notFound, type FieldError } from '../platform/errors/index.js';
import { currentInstant } from '../scoring/index.js';
import { retryOnErasure } from './membership.js';
import { EVERYONE } from './segment-compiler.js';
import { segmentSql, type MemberRow } from './segment-store.js';
import { Segments } from './segments.js';

export const MAX_CHANGED_MEMBERS = 10_000;
const STREAM_PAGE = 5_000;
const DAY_MS = 86_400_000;
const MAX_HISTORY_DAYS = 366;
const DEFAULT_HISTORY_DAYS = 30;

export interface Memberships {
  key: string;
  name: string;
  enteredAt: Date;
}

/** Who is in a segment, who came and went. */
@Injectable()
export class SegmentMembers {
  constructor(
    private readonly database: ApiDatabase,
    private readonly segments: Segments,
    private readonly clock: Clock,
  ) {}

  /** Members by internal id after `after`. @throws Problem 404 */
  async page(key: string, after: string | null, limit: number): Promise<MemberRow[]> {
    return (await this.reader(key))(after ?? '0', limit);
  }

  /** All members, page by page; ends as soon as the reader of the stream is gone. @throws Problem 404 before the first page */
  async stream(key: string): Promise<AsyncGenerator<MemberRow[]>> {
    const read = await this.reader(key);
    return (async function* pages() {
      for (let after: string | undefined = '0'; after !== undefined;) {
        const rows: MemberRow[] = await read(after, STREAM_PAGE);
        if (rows.length > 0) yield rows;
        after = rows.length === STREAM_PAGE ? rows.at(-1)!.id : undefined;
      }
    })();
  }

  /** @throws Problem 400 naming each bad id, 404, 409 for a dynamic segment */
  async changeStatic(key: string, add: readonly unknown[], remove: readonly unknown[]): Promise<{ added: number; removed: number; unknown: string[] }> {
    const change = readChange(add, remove);
    if (key === EVERYONE) throw conflict('The segment everyone is built in.');
    const segment = await this.segments.find(key);
    if (!segment.static) throw conflict('Only a static segment has a list of members to change; this one follows its rule.');
    return retryOnErasure(() => this.database.transaction(async (tx) => {
      await tx.query(segmentSql.lock, { id: segment.id });
      const now = await currentInstant(tx, this.clock);
      const [result] = await tx.query(segmentSql.changeStatic, { id: segment.id, ...change, now });
      await tx.query(segmentSql.noteStatic, { id: segment.id, at: now });
      return result!;
    }));
  }

  /** Entries and exits of each UTC day; default the last 30 days. @throws Problem 400, 404 */
  async history(key: string, from: Date | undefined, to: Date | undefined): Promise<{ date: string; entered: number; exited: number }[]> {
    const end = to ?? (await currentInstant(this.database, this.clock));
    const start = from ?? new Date(end.getTime() - DEFAULT_HISTORY_DAYS * DAY_MS);
    if (start >= end) throw invalidField('to', 'must be later than from');
    if (end.getTime() - start.getTime() > MAX_HISTORY_DAYS * DAY_MS) throw invalidField('from', `must be at most ${MAX_HISTORY_DAYS} days before to`);
    const { id } = await this.segments.find(key);
    // The end is exclusive; what happens at this very instant belongs to the default range.
    return this.database.query(segmentSql.history, { id, from: start, to: to ?? new Date(end.getTime() + 1) });
  }

  /** @throws Problem 404 for an unknown user */
  async ofUser(userId: string): Promise<Memberships[]> {
    const rows = await this.database.query(segmentSql.ofUser, { userId });
    if (rows.length === 0) throw notFound('user');
    return rows.flatMap(({ key, name, enteredAt }) => (key !== null && name !== null && enteredAt ? [{ key, name, enteredAt }] : []));
  }

  private async reader(key: string): Promise<(after: string, limit: number) => Promise<MemberRow[]>> {
    if (key === EVERYONE) return (after, limit) => this.database.query(segmentSql.listEveryone, { after, limit });
    const { id } = await this.segments.find(key);
    return (after, limit) => this.database.query(segmentSql.listMembers, { id, after, limit });
  }
}

function readChange(add: readonly unknown[], remove: readonly unknown[]): { add: string[]; remove: string[] } {
  const count = add.length + remove.length;
  if (count < 1 || count > MAX_CHANGED_MEMBERS) throw invalidField('add', `and remove must together name 1 to ${MAX_CHANGED_MEMBERS} users`);
  const adding = new Set(add);
  const errors: FieldError[] = [...faults(add, 'add'), ...faults(remove, 'remove'),
    ...remove.flatMap((id, i) => (adding.has(id) ? [{ path: `remove[${i}]`, message: 'is also in add' }] : []))];
  if (errors.length > 0) throw invalid(errors);
  return { add: [...adding] as string[], remove: [...new Set(remove)] as string[] };
}

function faults(ids: readonly unknown[], path: string): FieldError[] {
  return ids.flatMap((id, i) =>
    typeof id === 'string' && id.length >= 1 && id.length <= 255 ? [] : [{ path: `${path}[${i}]`, message: 'must be a text of 1 to 255 characters' }]);
}
