import { numberParameters, sqlPart } from '../platform/database/index.js';

/** Who the pass looks at: a wave's undecided audience (of a bestHour wave, whose hour it is), its freed deferred rows, entries, or one user. */
export type Pool = 'fresh' | 'bestHour' | 'deferred' | 'entered' | 'one';
/** What becomes of the verdicts: written, only counted, asked what they are worth, or shown. */
export type Ending = 'record' | 'take' | 'ask' | 'show';

export interface PassStatement {
  readonly text: string;
  readonly params: readonly string[];
}

const part = (name: string): string => sqlPart(import.meta.url, `./sql/${name}.part.sql`);
const PRICE = part('price-pool');
const DECIDE = part('decide-pool');
const FILL = part('fill-pool');
const ASKED = part('asked').trim();
/** Each gate by itself, for explain alone. */
const FLAGS = ['global_holdout', 'suppressed_address', 'unsubscribed', 'no_device', 'permission_denied', 'stale_device',
  'no_email', 'duplicate_address', 'local_time_passed', 'expired'];
const PRESS_CAP = part('press-cap');
const LIMIT_OF_CAP = part('limit-of-cap');

/** Fills pass_pool, with what the first gates say; with `__AUDIENCE__` for the compiled predicate still in it. */
export const POOLS: Readonly<Record<Pool, PassStatement>> = {
  fresh: filling(part('pool-fresh').replace('__NARROW__', () => '')),
  bestHour: filling(part('pool-fresh').replace('__NARROW__', () => part('narrow-best-hour'))),
  deferred: filling(part('pool-deferred')),
  entered: filling(part('pool-entered')),
  one: filling(part('pool-one'), FLAGS),
};

/** What the pool's users are worth to the wave, into pass_ranks. */
export const RANK: PassStatement = numberParameters(`with ${priceOf('pass_pool')}\n${part('rank-pool')}`);
/** Whom no gate has stopped before messages are asked for, into pass_asked. */
export const ASK: PassStatement = numberParameters(`insert into pass_asked (user_id) select a.user_id from (${ASKED}) as a`);
/** Fills pass_reserved for one campaign; with `__AUDIENCE__` still in it. */
export const RESERVED: PassStatement = numberParameters(part('pool-reserved'));

/** What makes a row of the ledger unique in its run: the user, or of a triggered campaign the user's entry. */
const ROW_KEYS = {
  user: '(run_id, month, user_id) where entry is null',
  entry: '(run_id, month, user_id, entry) where entry is not null',
};

export interface Shape {
  readonly ending: Ending;
  /** How many caps concern the wave. */
  readonly caps: number;
  /** The campaign asks for worth: else nothing is priced, and no terms are kept. */
  readonly worth: boolean;
  /** The rows exist and are deferred: only these are looked for before they are written, by this key. */
  readonly again: keyof typeof ROW_KEYS | null;
  /** Some campaign holds back slots. */
  readonly reserved: boolean;
  /** A budget of messages holds for the campaign. */
  readonly rationed: boolean;
}

const composed = new Map<string, PassStatement>();

/**
 * The one SELECT of deciding with each of its ends: launch, simulate and explain differ in nothing else, which is why what
 * simulate foretells is what launch does. What a wave does not use is left out of its statement.
 */
export function decisionOf(shape: Shape): PassStatement {
  const name = nameOf(shape);
  const known = composed.get(name) ?? compose(shape);
  composed.set(name, known);
  return known;
}

/** Every statement that decisionOf may give for waves of so many caps, by name. */
export function decisions(caps: number): Array<[name: string, statement: PassStatement]> {
  const both = [true, false];
  const ends: Ending[] = ['record', 'take', 'ask', 'show'];
  const shapes = ends.flatMap((ending) => both.flatMap((worth) => both.flatMap((reserved) => both.flatMap((rationed) =>
    ([null, 'user', 'entry'] as const).map((again) => ({ ending, caps, worth, reserved, rationed, again }))))));
  return shapes.map((shape) => [nameOf(shape), decisionOf(shape)]);
}

/** @param flags gates that are kept each by itself */
function filling(pool: string, flags: readonly string[] = []): PassStatement {
  return numberParameters(FILL.replace('__POOL__', () => pool.trim())
    .replace('__FLAG_NAMES__', () => flags.map((flag) => `, ${flag}`).join('')).replace('__FLAGS__', () => flags.map((flag) => `, f.${flag}`).join('')));
}

function priceOf(users: string): string {
  return PRICE.replaceAll('__PRICED__', () => users);
}

function nameOf({ ending, caps, worth, again, reserved, rationed }: Shape): string {
  return [
    `${ending} under ${caps} caps`, ...(worth ? ['worth'] : []), ...(again ? [`again by ${again}`] : []), ...(reserved ? ['reserved'] : []),
    ...(rationed ? ['rationed'] : []),
  ].join(' ');
}

function compose({ ending, caps, worth, again, reserved, rationed }: Shape): PassStatement {
  const ends: Record<Ending, string> = {
    record: part('record-verdicts')
      .replace('__AGAIN__', () => (again ? part('decide-again').replace('__KEY__', ROW_KEYS[again]) : ''))
      .replace('__TERMS__', () => (worth ? part('record-worth').replace('__AGAIN__', () => (again ? part('decide-worth-again') : '')) : '')),
    take: part('take-verdicts'),
    ask: part('ask-verdicts'),
    show: part('show-verdict'),
  };
  const pressed = Array.from({ length: caps }, (_, n) => PRESS_CAP.replaceAll('__N__', String(n + 1))).join('');
  const decide = DECIDE.replace('__CAPS__', () => pressed)
    .replace('__RESERVE__', () => (reserved ? part('reserve-gate').trim() : ''))
    .replace('__RESERVATIONS__', () => (reserved
      ? 'left join reserve_gate as rg on not :transactional::boolean and not :ignoreCaps::boolean and rg.user_id = m.user_id' : part('no-reservations').trim()))
    .replace('__PRICES__', () => (worth ? 'left join priced as w on w.user_id = m.user_id' : part('no-prices').trim()))
    .replace('__RATIONED__', () => part(rationed ? 'ration' : 'no-ration').trim())
    .replaceAll(/__LIMIT_OF_(\w)__/g, (_, cap: string) => LIMIT_OF_CAP.replaceAll('__CAP__', cap));
  return numberParameters(`with asked as materialized (${ASKED})${worth ? `,\n${priceOf('asked')}` : ''}\n${decide}\n${ends[ending]}`);
}

/** The range of ids that a statement about an audience is bound to, as it stands in its text. */
export function boundsOf({ params }: PassStatement): { from: string; to: string } {
  const bound = (name: string): string => `$${params.indexOf(name) + 1}::bigint`;
  return { from: bound('fromId'), to: bound('toId') };
}

/** The statement with its audience: __AUDIENCE__ of the range's users, __AUDIENCE_OF_ANYBODY__ of whoever shares an address with them. */
export function withAudience({ text }: PassStatement, audience: { within: string; anybody: string }): string {
  return text.replaceAll('__AUDIENCE_OF_ANYBODY__', () => audience.anybody).replaceAll('__AUDIENCE__', () => audience.within);
}

/** The values of a statement's parameters, out of those that have a name. */
export function valuesOf(statement: PassStatement, named: Record<string, unknown>): unknown[] {
  return statement.params.map((name) => {
    if (!(name in named)) throw new Error(`the pass has no parameter ${name}`);
    return named[name] ?? null;
  });
}
