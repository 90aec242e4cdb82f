import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase } from '../platform/database/index.js';
import { currentInstant } from '../scoring/index.js';
import { SettingsService } from '../settings/index.js';
import { requireRule, ruleFault } from './rule-faults.js';
import { bindNow, SegmentPredicates } from './segment-predicates.js';
import type { Rule } from './segment-rule.js';
import { segmentSql } from './segment-store.js';

export interface Preview {
  size: number;
  reachable: { push: number; email: number };
  sample: string[];
}

const SAMPLE = 10;
/** A rule that takes longer than this over all users is answered with 503. */
const PREVIEW_TIMEOUT_MS = 30_000;

/** How many a rule would hold, without keeping anything. */
@Injectable()
export class SegmentPreview {
  constructor(
    private readonly database: ApiDatabase,
    private readonly predicates: SegmentPredicates,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  /** Exact counts as of now and the ten oldest users. @throws Problem 400 */
  async preview(json: unknown): Promise<Preview> {
    const rule = requireRule(json);
    return this.measure(rule).catch((error: unknown) => {
      throw ruleFault(error, json) ?? error;
    });
  }

  private async measure(rule: Rule): Promise<Preview> {
    const settings = await this.settings.get();
    const members = await this.predicates.compileRule(this.database, rule, settings, 1);
    const push = await this.predicates.compileReachable('push', settings, 1 + members.params.length);
    const email = await this.predicates.compileReachable('email', settings, 1 + members.params.length + push.params.length);
    const now = await currentInstant(this.database, this.clock);
    const statement = previewSql(members.sql, push.sql, email.sql);
    const params = bindNow([...members.params, ...push.params, ...email.params], now);
    const [row] = await this.database.transaction(async (tx) => {
      await tx.query(segmentSql.planForEveryone, { timeout: `${PREVIEW_TIMEOUT_MS}ms` });
      return tx.raw<{ size: string; push: string; email: string; sample: string[] }>(statement, params);
    });
    return { size: Number(row!.size), reachable: { push: Number(row!.push), email: Number(row!.email) }, sample: row!.sample };
  }
}

export function previewSql(members: string, push: string, email: string): string {
  return `
      with members as materialized (
        select u.id, u.user_id, ${push} as push, ${email} as email from users u where ${members}
      )
      select count(*) as size, count(*) filter (where push) as push, count(*) filter (where email) as email,
        array(select user_id from members order by id limit ${SAMPLE}) as sample
      from members`;
}
