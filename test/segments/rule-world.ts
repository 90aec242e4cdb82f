import { WorkerDatabase, type Transaction } from '../../src/platform/database/index.js';
import { compileRule, type CompileEnvironment, type Shape } from '../../src/segments/segment-compiler.js';
import { evaluateRule } from '../../src/segments/segment-evaluator.js';
import { bindNow } from '../../src/segments/segment-predicates.js';
import { parseRule, type Rule } from '../../src/segments/segment-rule.js';
import { createTestDatabase } from '../support/test-database.js';
import { NOW } from './rule-arbitraries.js';
import type { World } from './world-arbitraries.js';
import { worldUser } from './world-in-memory.js';
import { LISTED_ID, loadScene, loadWorld } from './world-loader.js';

export function parsed(json: unknown): Rule {
  const result = parseRule(json);
  if (!result.ok) throw new Error(`a generated rule is refused: ${JSON.stringify(result.errors)} ${JSON.stringify(json)}`);
  return result.rule;
}

/** The segments that generated rules may name. */
export const BOOK = new Map([
  ['listed', { id: String(LISTED_ID), rule: null }],
  ['ruled', { id: '2', rule: parsed({ any: [{ event: 'purchase', within: 'P30D' }, { segment: 'listed' }] }) }],
]);

/** A database in which worlds come and go. */
export class RuleWorlds {
  private constructor(
    private readonly db: WorkerDatabase,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(): Promise<RuleWorlds> {
    const database = await createTestDatabase();
    const db = new WorkerDatabase(database.url);
    await loadScene(db);
    return new RuleWorlds(db, () => database.drop());
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.drop();
  }

  /** Runs in a transaction that never commits, so that worlds do not meet. */
  async within(world: World, work: (tx: Transaction) => Promise<void>): Promise<void> {
    const end = new Error('the world ends');
    await this.db.transaction(async (tx) => {
      await loadWorld(tx, world);
      await work(tx);
      throw end;
    }).catch((error: unknown) => {
      if (error !== end) throw error;
    });
  }
}

/** The users (1, 2, …) that the rule holds for, by the oracle. */
export function usersByOracle(rule: Rule, world: World): number[] {
  return world.users.flatMap((user, i) => (evaluateRule(rule, worldUser(user, world), world.settings, BOOK) ? [i + 1] : []));
}

/** The same by the SQL, as a filter and as a value that must never be null. */
export async function usersBySql(tx: Transaction, rule: Rule, { settings, priors }: World, shape: Shape): Promise<number[]> {
  const env: CompileEnvironment = { settings, segments: BOOK, priors, shape };
  const { sql, params } = compileRule(rule, env);
  const values = await tx.raw<{ id: string; holds: boolean | null }>(`select u.id, ${sql} as holds from users u order by u.id`, bindNow(params, NOW));
  if (values.some(({ holds }) => holds === null)) throw new Error(`null for ${sql}`);
  const found = await tx.raw<{ id: string }>(`select u.id from users u where ${sql} order by u.id`, bindNow(params, NOW));
  const ids = found.map(({ id }) => Number(id));
  expect(values.filter(({ holds }) => holds).map(({ id }) => Number(id))).toEqual(ids);
  return ids;
}
