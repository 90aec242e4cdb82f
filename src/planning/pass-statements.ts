import { numberParameters, sqlPart } from '../platform/database/index.js';

/** Who the pass looks at: a wave's undecided audience, its freed deferred rows, or one user. */
export type Pool = 'fresh' | 'deferred' | 'one';
/** What becomes of the verdicts: written, only counted, or shown. */
export type Ending = 'record' | 'take' | 'show';

export interface PassStatement {
  /** With `__AUDIENCE__` still in it. */
  readonly text: string;
  readonly params: readonly string[];
}

const part = (name: string): string => sqlPart(import.meta.url, `./sql/${name}.part.sql`);

const POOLS: Record<Pool, string> = {
  fresh: part('pool-fresh'), deferred: part('pool-deferred'), one: part('pool-one'),
};
const ENDINGS: Record<Ending, string> = {
  record: part('record-verdicts'), take: part('take-verdicts'), show: part('show-verdict'),
};
const DECIDE = part('decide-pool');

/**
 * The one SELECT of deciding with its beginning and its end: launch, simulate and explain differ in nothing else, which is
 * why what simulate foretells is what launch does.
 */
export function passStatement(pool: Pool, ending: Ending): PassStatement {
  // A function as replacement: a `$` in the SQL must not be read as a pattern.
  return numberParameters(`${DECIDE.replace('__POOL__', () => POOLS[pool])}\n${ENDINGS[ending]}`);
}
