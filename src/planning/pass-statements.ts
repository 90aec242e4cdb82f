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
const PRICE_NOTHING = part('price-nothing');
const DECIDE = part('decide-pool');

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

export interface Shape {
  readonly ending: Ending;
  /** The campaign asks for worth: else nothing is priced, and no terms are kept. */
  readonly worth: boolean;
  /** The rows exist and are deferred: only these are looked for before they are written. */
  readonly again: boolean;
  /** Some campaign holds back slots. */
  readonly reserved: boolean;
}

const BOTH = [true, false];
const SHAPES: readonly Shape[] = BOTH.flatMap((worth) => BOTH.flatMap((reserved) => [
  { ending: 'record', worth, reserved, again: false }, { ending: 'record', worth, reserved, again: true },
  { ending: 'take', worth, reserved, again: false }, { ending: 'show', worth, reserved, again: false }] as const));

/**
 * The one SELECT of deciding with each of its ends: launch, simulate and explain differ in nothing else, which is why what
 * simulate foretells is what launch does.
 */
export const DECISIONS: ReadonlyMap<string, PassStatement> = new Map(SHAPES.map((shape) => [nameOf(shape), compose(shape)]));

export function decisionOf(shape: Shape): PassStatement {
  return DECISIONS.get(nameOf({ ...shape, again: shape.again && shape.ending === 'record' }))!;
}

function nameOf({ ending, worth, again, reserved }: Shape): string {
  return [ending, ...(worth ? ['worth'] : []), ...(again ? ['again'] : []), ...(reserved ? ['reserved'] : [])].join(' ');
}

function compose({ ending, worth, again, reserved }: Shape): PassStatement {
  const ends: Record<Ending, string> = {
    record: part('record-verdicts')
      .replace('__AGAIN__', () => (again ? part('decide-again') : ''))
      .replace('__TERMS__', () => (worth ? part('record-worth').replace('__AGAIN__', () => (again ? part('decide-worth-again') : '')) : '')),
    take: part('take-verdicts'),
    show: part('show-verdict'),
  };
  const decide = DECIDE.replace('__RESERVE__', () => part(reserved ? 'reserve-gate' : 'no-reserve-gate').trim());
  return numberParameters(`${worth ? PRICE : PRICE_NOTHING}\n${decide}\n${ends[ending]}`);
}

/** The values of a statement's parameters, out of those that have a name. */
export function valuesOf(statement: PassStatement, named: Record<string, unknown>): unknown[] {
  return statement.params.map((name) => {
    if (!(name in named)) throw new Error(`the pass has no parameter ${name}`);
    return named[name] ?? null;
  });
}
