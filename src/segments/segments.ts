import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, WorkerDatabase, isUniqueViolation, type Queryable, type Transaction } from '../platform/database/index.js';
import { conflict, invalid, invalidField, notFound } from '../platform/errors/index.js';
import { currentInstant } from '../scoring/index.js';
import { SettingsService } from '../settings/index.js';
import { Membership, retryOnErasure } from './membership.js';
import { requireRule, ruleFault } from './rule-faults.js';
import { EVERYONE } from './segment-compiler.js';
import { SegmentPredicates } from './segment-predicates.js';
import { segmentSql, type SegmentRow } from './segment-store.js';
import { everyoneView, segmentView, type SegmentView } from './segment-view.js';

export interface NewSegment {
  key: string;
  name: string;
  rule?: unknown;
  static?: boolean;
}

/** Making, changing and finding segments. */
@Injectable()
export class Segments {
  constructor(
    private readonly database: ApiDatabase,
    // A first build over a large base may take longer than a statement of the API may.
    private readonly builder: WorkerDatabase,
    private readonly predicates: SegmentPredicates,
    private readonly membership: Membership,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /** Makes the segment and, for a dynamic one, its membership. @throws Problem 400, 409 */
  async create({ key, name, rule, static: isStatic = false }: NewSegment): Promise<SegmentView> {
    if (key === EVERYONE) throw conflict('The segment everyone is built in.');
    if (isStatic && rule !== undefined) throw invalidField('rule', 'is not taken by a static segment');
    if (!isStatic) requireRule(rule);
    await retryOnErasure(() => this.builder.transaction(async (tx) => {
      const now = await currentInstant(tx, this.clock);
      const [row] = await tx.query(segmentSql.insert, { key, name, static: isStatic, rule: isStatic ? null : JSON.stringify(rule), now });
      if (!isStatic) await this.buildUnderLock(tx, row!.id, key, rule, 'created');
    })).catch((error: unknown) => {
      throw isUniqueViolation(error) ? conflict(`There is already a segment ${key}.`) : error;
    });
    return this.get(key);
  }

  /** @throws Problem 400 for a rule that is wrong, names itself in a circle or makes a dependent one too large; 404; 409 */
  async change(key: string, { name, rule }: { name?: string; rule?: unknown }): Promise<SegmentView> {
    if (key === EVERYONE) throw conflict('The segment everyone is built in.');
    const segment = await this.find(key);
    if (rule !== undefined && segment.static) throw invalidField('rule', 'is not taken by a static segment');
    if (rule !== undefined) requireRule(rule);
    await retryOnErasure(() => this.builder.transaction(async (tx) => {
      const now = await currentInstant(tx, this.clock);
      await tx.query(segmentSql.lock, { id: segment.id });
      const written = { id: segment.id, name: name ?? null, rule: rule === undefined ? null : JSON.stringify(rule), now };
      if ((await tx.query(segmentSql.update, written)).length === 0) throw notFound('segment');
      if (rule === undefined) return;
      await this.buildUnderLock(tx, segment.id, key, rule, 'rule_edited');
      await this.requireDependentsCompile(tx, key, rule);
      await tx.query(segmentSql.markEdited, { key });
    }));
    return this.get(key);
  }

  /** @throws Problem 404; 409 naming what uses it */
  async remove(key: string): Promise<void> {
    if (key === EVERYONE) throw conflict('The segment everyone is built in.');
    const segment = await this.find(key);
    await this.builder.transaction(async (tx) => {
      await tx.query(segmentSql.lock, { id: segment.id });
      const uses = await tx.query(segmentSql.findUses, { key });
      if (uses.length > 0) throw conflict(`The segment is used by ${uses.map(({ usedBy }) => usedBy).join(', ')}.`);
      await tx.query(segmentSql.delete, { id: segment.id });
    });
  }

  async get(key: string): Promise<SegmentView> {
    const now = await currentInstant(this.database, this.clock);
    if (key !== EVERYONE) return segmentView(await this.find(key), now);
    const [row] = await this.database.query(segmentSql.countEveryone, {});
    return everyoneView(Number(row!.size), now);
  }

  /** Stored segments by key. */
  async list(after: string | null, limit: number): Promise<SegmentView[]> {
    const now = await currentInstant(this.database, this.clock);
    return (await this.database.query(segmentSql.list, { after, limit })).map((row) => segmentView(row, now));
  }

  /** @throws Problem 404 */
  async find(key: string): Promise<SegmentRow> {
    const [row] = await this.database.query(segmentSql.find, { key });
    if (!row) throw notFound('segment');
    return row;
  }

  /** @throws Problem 400 naming every key that is no segment, as `path[i]` */
  async requireKeys(keys: readonly string[], path: string): Promise<void> {
    const found = new Set((await this.database.query(segmentSql.readRules, { keys: [...keys] })).map(({ key }) => key));
    const errors = keys.flatMap((key, i) =>
      key === EVERYONE || found.has(key) ? [] : [{ path: `${path}[${i}]`, message: `there is no segment ${key}` }]);
    if (errors.length > 0) throw invalid(errors);
  }

  private async buildUnderLock(tx: Transaction, id: string, key: string, rule: unknown, cause: 'created' | 'rule_edited'): Promise<void> {
    await tx.query(segmentSql.lock, { id });
    await this.membership.build(tx, id, key, cause).catch((error: unknown) => {
      throw ruleFault(error, rule) ?? error;
    });
  }

  private async requireDependentsCompile(db: Queryable, key: string, rule: unknown): Promise<void> {
    const settings = await this.settings.get();
    for (const dependent of await db.query(segmentSql.listDependents, { key })) {
      await this.predicates.compileSegment(db, dependent.key, settings, 1).catch((error: unknown) => {
        throw ruleFault(error, rule) ? invalidField('rule', `breaks the segment ${dependent.key}: ${(error as Error).message}`) : error;
      });
    }
  }
}
