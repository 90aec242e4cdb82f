import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { missingReferences } from '../campaigns/index.js';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Queryable } from '../platform/database/index.js';
import { conflict, invalid, notFound, type FieldError } from '../platform/errors/index.js';
import { EMPTY_POLICY, type FatiguePolicy } from './policy.js';
import { contradictions, toPolicy } from './policy-check.js';
import { MAX_LIMIT, type PolicyBody } from './policy.dto.js';

export interface PolicyVersion {
  /** 0 before the first policy is written. */
  version: number;
  policy: FatiguePolicy;
}

const findLatest = sqlFile<{ known: number }, PolicyVersion>(import.meta.url, './sql/find-latest-policy.sql');
const findVersion = sqlFile<{ version: number }, PolicyVersion>(import.meta.url, './sql/find-policy-version.sql');
const lock = sqlFile(import.meta.url, './sql/lock-policies.sql');
const insert = sqlFile<{ policy: string; now: Date | null; createdBy: string }, { version: number }>(import.meta.url, './sql/insert-policy.sql');

const EMPTY: PolicyVersion = { version: 0, policy: EMPTY_POLICY };
const MAX_KEPT = 50;

/** The fatigue policy and all that it ever was. */
@Injectable()
export class FatiguePolicies implements OnApplicationBootstrap {
  private readonly logger = new Logger('fatigue');
  private latest = EMPTY;
  private readonly earlier = new Map<number, PolicyVersion>();

  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { version } = await this.current();
    if (version === 0) this.logger.warn('there is no fatigue policy yet: no caps, gaps or quiet hours are set (PUT /v1/fatigue-policy)');
  }

  /**
   * The policy in force. Asks the database each time, by one row of its key, whether there is a newer one: a policy takes
   * effect at the next decision on every process, which a cache could not promise.
   * @param db the transaction of the decision, if it has one.
   */
  async current(db: Queryable = this.database): Promise<PolicyVersion> {
    const known = this.latest;
    const [newer] = await db.query(findLatest, { known: known.version });
    if (!newer) return known;
    if (newer.version > this.latest.version) this.latest = newer;
    return newer;
  }

  /** An earlier version, for explaining what it decided. @throws Problem 404 */
  async at(version: number): Promise<PolicyVersion> {
    if (version === 0) return EMPTY;
    const kept = this.earlier.get(version);
    if (kept) return kept;
    const [row] = await this.database.query(findVersion, { version });
    if (!row) throw notFound('version of the fatigue policy');
    if (this.earlier.size >= MAX_KEPT) this.earlier.clear();
    this.earlier.set(version, row);
    return row;
  }

  /**
   * Writes the next version. @param createdBy id of the key that did.
   * @throws Problem 400 naming every field that contradicts another or names nothing; 409 if `body.version` is not in force.
   */
  async replace(body: PolicyBody, createdBy: string): Promise<PolicyVersion> {
    const policy = toPolicy(body);
    const errors = [...contradictions(policy, MAX_LIMIT), ...(await this.referenceErrors(policy))];
    if (errors.length > 0) throw invalid(errors);
    const version = await this.database.transaction(async (tx) => {
      await tx.query(lock, {});
      const inForce = (await this.current(tx)).version;
      if (body.version !== undefined && body.version !== inForce) {
        throw conflict(`This edit is based on version ${body.version}, but version ${inForce} is in force.`);
      }
      const [row] = await tx.query(insert, { policy: JSON.stringify(policy), now: this.clock.forSql(), createdBy });
      return row!.version;
    });
    return { version, policy };
  }

  private async referenceErrors({ caps, tiers }: FatiguePolicy): Promise<FieldError[]> {
    const topics = caps.flatMap(({ topic }) => (topic === undefined ? [] : [topic]));
    const segments = tiers.map(({ segment }) => segment);
    const missing = await missingReferences(this.database, { topics, segments, templates: [], channel: 'push' });
    const wrong = (path: string, message: string | undefined): FieldError[] => (message === undefined ? [] : [{ path, message }]);
    return [
      ...caps.flatMap(({ topic }, i) => wrong(`caps[${i}].topic`, missing.get(`topic:${topic}`))),
      ...tiers.flatMap(({ segment }, i) => wrong(`tiers[${i}].segment`,
        // It has no stored members, and everybody's limit is the cap's own.
        segment === 'everyone' ? 'everyone is no tier; set the limit of the cap' : missing.get(`segment:${segment}`))),
    ];
  }
}
