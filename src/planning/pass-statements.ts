import { numberParameters, sqlPart } from '../platform/database/index.js';

/** Who the pass looks at: a wave's undecided audience (of a bestHour wave, whose hour it is), its freed deferred rows, entries, or one user. */
export type Pool = 'fresh' | 'bestHour' | 'deferred' | 'entered' | 'one';
/** What becomes of the verdicts: written, only counted, or shown. */
export type Ending = 'record' | 'take' | 'show';

export interface PassStatement {
  readonly text: string;
  readonly params: readonly string[];
}

const part = (name: string): string => sqlPart(import.meta.url, `./sql/${name}.part.sql`);
const PRICE = part('price-pool');
const DECIDE = `${PRICE}\n${part('decide-pool')}`;

/** Fills pass_pool; with `__AUDIENCE__` for the compiled predicate still in it. */
export const POOLS: Readonly<Record<Pool, PassStatement>> = {
  fresh: numberParameters(part('pool-fresh').replace('__NARROW__', () => '')),
  bestHour: numberParameters(part('pool-fresh').replace('__NARROW__', () => part('narrow-best-hour'))),
  deferred: numberParameters(part('pool-deferred')),
  entered: numberParameters(part('pool-entered')),
  one: numberParameters(part('pool-one')),
};

/** What the pool's users are worth to the wave, into pass_ranks. */
export const RANK: PassStatement = numberParameters(`${PRICE}\n${part('rank-pool')}`);
/** Fills pass_reserved for one campaign; with `__AUDIENCE__` still in it. */
export const RESERVED: PassStatement = numberParameters(part('pool-reserved'));

/**
 * The one SELECT of deciding with each of its ends: launch, simulate and explain differ in nothing else, which is why what
 * simulate foretells is what launch does.
 */
export const DECISIONS: Readonly<Record<Ending, PassStatement>> = {
  record: numberParameters(`${DECIDE}\n${part('record-verdicts')}`),
  take: numberParameters(`${DECIDE}\n${part('take-verdicts')}`),
  show: numberParameters(`${DECIDE}\n${part('show-verdict')}`),
};

/** The values of a statement's parameters, out of those that have a name. */
export function valuesOf(statement: PassStatement, named: Record<string, unknown>): unknown[] {
  return statement.params.map((name) => {
    if (!(name in named)) throw new Error(`the pass has no parameter ${name}`);
    return named[name] ?? null;
  });
}
