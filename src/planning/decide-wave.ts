import type { Transaction } from '../platform/database/index.js';
import type { SegmentPredicates } from '../segments/index.js';
import { NOW } from '../segments/index.js';
import { passParameters, type IdRange, type PassWave, type PassWorld } from './pass-parameters.js';
import { passStatement, type Ending, type PassStatement, type Pool } from './pass-statements.js';

const STATEMENTS = new Map<string, PassStatement>();

/** Decides one wave for one range of users; what comes back depends on the ending. */
export async function decideWave<Row>(
  tx: Transaction, predicates: SegmentPredicates, wave: PassWave, world: PassWorld, range: IdRange, pool: Pool, ending: Ending,
  extra: { subjectWave?: string; asOfId?: string } = {},
): Promise<Row[]> {
  const statement = statementFor(pool, ending);
  const named = { ...passParameters(wave, world, range), ...extra };
  const values = statement.params.map((name) => {
    if (!(name in named)) throw new Error(`the pass has no parameter ${name}`);
    return named[name] ?? null;
  });
  const audience = await predicates.compileAudience(tx, wave.definition.audience, world.settings, values.length + 1);
  const own = audience.params.map((value) => (value === NOW ? world.now : value));
  return tx.raw<Row>(statement.text.replaceAll('__AUDIENCE__', () => audience.sql), [...values, ...own]);
}

function statementFor(pool: Pool, ending: Ending): PassStatement {
  const key = `${pool} ${ending}`;
  let statement = STATEMENTS.get(key);
  if (!statement) STATEMENTS.set(key, (statement = passStatement(pool, ending)));
  return statement;
}
