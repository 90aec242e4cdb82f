import { numberParameters, sqlPart, type SqlFile } from '../platform/database/index.js';
import type { Hour } from './policy-parameters.js';

/** Who the pass looks at: a wave's undecided audience (of a bestHour wave, whose hour it is), its freed deferred rows, entries, or one user. */
export type Pool = 'fresh' | 'bestHour' | 'deferred' | 'entered' | 'one';
/** What becomes of the verdicts: written, only counted, asked what they are worth, or shown. */
export type Ending = 'record' | 'take' | 'ask' | 'show';

/** Audiences that may be large. */
export type SplitPool = 'fresh' | 'bestHour';
export type SplitEnding = 'record' | 'take';

export interface PassStatement {
  readonly text: string;
  readonly params: readonly string[];
}

/** One that asks who is in quiet hours, and one for when nobody can be: the question costs 3 ms a bucket. */
export type ByHour = Readonly<Record<Hour, PassStatement>>;

const part = (name: string): string => sqlPart(import.meta.url, `./sql/${name}.part.sql`);
const PRICE = part('price-pool');
const DECIDE = part('decide-pool');
const FIRST_GATES = part('first-gates');
const TALLY = part('tally').trim();
const WHOM_ASKED = part('whom-asked').trim();
const VARIANT_OF = part('variant-of').trim();
const ASKED = withUsers(part('asked').trim());
const ASKED_OF_SPLIT = part('asked-of-split').trim();
/** Each gate by itself, for explain alone. */
const FLAGS = ['global_holdout', 'suppressed_address', 'unsubscribed', 'no_device', 'permission_denied', 'stale_device',
  'no_email', 'duplicate_address', 'local_time_passed', 'expired'];
const PRESS_CAP = part('press-cap');
const LIMIT_OF_CAP = part('limit-of-cap');

const FRESH = pool('fresh').replace('__NARROW__', () => '');
const BEST_HOUR = pool('fresh').replace('__NARROW__', () => part('narrow-best-hour'));

/** Fills pass_pool, with what the first gates say; with `__AUDIENCE__` for the compiled predicate still in it. */
export const POOLS: Readonly<Record<Pool, ByHour>> = {
  fresh: byHour((hour) => filling(hour, FRESH)),
  bestHour: byHour((hour) => filling(hour, BEST_HOUR)),
  deferred: byHour((hour) => filling(hour, pool('deferred'))),
  entered: byHour((hour) => filling(hour, pool('entered'))),
  one: byHour((hour) => filling(hour, pool('one'), FLAGS)),
};

/** Fills pass_asked with whoever is asked, and decides on the others at once; `__AUDIENCE__` as in POOLS. */
export const SPLITS: Readonly<Record<SplitPool, Readonly<Record<SplitEnding, ByHour>>>> = {
  fresh: { record: byHour((hour) => splitting(hour, FRESH, 'record-barred')), take: byHour((hour) => splitting(hour, FRESH, 'count-barred')) },
  bestHour: { record: byHour((hour) => splitting(hour, BEST_HOUR, 'record-barred')), take: byHour((hour) => splitting(hour, BEST_HOUR, 'count-barred')) },
};

/** What the pool's users are worth to the wave, into pass_ranks. */
export const RANK: PassStatement = numberParameters(`with ${priceOf('pass_pool')}\n${part('rank-pool')}`);
/** Of pass_pool whom no gate has stopped before messages are asked for, into pass_asked. */
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
  /** The pool has only those who are asked, with their messages counted. */
  readonly split: boolean;
}

const composed = new Map<string, SqlFile<Record<string, unknown>, unknown>>();

/**
 * The one SELECT of deciding with each of its ends: launch, simulate and explain differ in nothing else, which is why what
 * simulate foretells is what launch does. What a wave does not use is left out of its statement. It has a name, by which its plan is kept.
 */
export function decisionOf<Row>(shape: Shape): SqlFile<Record<string, unknown>, Row> {
  const name = nameOf(shape);
  const known = composed.get(name) ?? { name, ...compose(shape) };
  composed.set(name, known);
  return known as SqlFile<Record<string, unknown>, Row>;
}

/** Every statement that decisionOf may give for waves of so many caps, by name. */
export function decisions(caps: number): Array<[name: string, statement: PassStatement]> {
  const both = [true, false];
  const ends: Ending[] = ['record', 'take', 'ask', 'show'];
  const shapes = ends.flatMap((ending) => both.flatMap((worth) => both.flatMap((reserved) => both.flatMap((rationed) => both.flatMap((split) =>
    ([null, 'user', 'entry'] as const).map((again) => ({ ending, caps, worth, reserved, rationed, split, again })))))));
  // Only an audience is split, and no audience is shown or decided again.
  return shapes.filter(({ split, again, ending }) => !split || (again === null && (ending === 'record' || ending === 'take'))).map((shape) => [nameOf(shape), decisionOf(shape)]);
}

function pool(name: string): string {
  return part(`pool-${name}`).replace('__DUPLICATE_ADDRESS__', () => part('duplicate-address').trim());
}

function byHour(statement: (hour: Hour) => PassStatement): ByHour {
  return { quiet: statement('quiet'), loud: statement('loud') };
}

/** @param flags gates that are kept each by itself */
function filling(hour: Hour, pool: string, flags: readonly string[] = []): PassStatement {
  const gates = firstGates(hour, pool, ['in_audience', 'entry', 'due_at', 'expires_at', ...flags], '');
  const fill = part('fill-pool').replace('__FLAG_NAMES__', () => flags.map((flag) => `, ${flag}`).join(''))
    .replace('__FLAGS__', () => flags.map((flag) => `, m.${flag}`).join(''));
  return numberParameters(`${gates}\n${fill}`);
}

function splitting(hour: Hour, pool: string, ending: string): PassStatement {
  const gates = firstGates(hour, pool, [], part('messages').trim());
  return numberParameters(withUsers(`${gates}\n${part('split-pool')}\n${part(ending)}`));
}

/** @param own columns of the pool's rows beside the user */
function firstGates(hour: Hour, pool: string, own: readonly string[], messages: string): string {
  return FIRST_GATES.replace('__POOL__', () => pool.trim()).replace('__MESSAGES__', () => messages)
    .replace('__QUIET_UNTIL__', () => (hour === 'quiet' ? 'q.ends' : 'null::timestamptz'))
    .replace('__IN_QUIET_ZONES__', () => (hour === 'quiet' ? 'full join quiet as q on q.zone = p.zone' : ''))
    .replace('__OWN__', () => own.map((column) => ` f.${column},`).join(''));
}

/** What is said of users in several statements: of __WHOM_m__ whether m is asked, of __VARIANT_OF_m__ the variant of m. */
function withUsers(text: string): string {
  return text.replaceAll(/__WHOM_(\w)__/g, (_, of: string) => WHOM_ASKED.replaceAll('__OF__', of))
    .replaceAll(/__VARIANT_OF_(\w)__/g, (_, of: string) => VARIANT_OF.replaceAll('__OF__', of));
}

function priceOf(users: string): string {
  return PRICE.replaceAll('__PRICED__', () => users);
}

function nameOf({ ending, caps, worth, again, reserved, rationed, split }: Shape): string {
  return [
    `${ending} under ${caps} caps`, ...(worth ? ['worth'] : []), ...(again ? [`again by ${again}`] : []), ...(reserved ? ['reserved'] : []),
    ...(rationed ? ['rationed'] : []), ...(split ? ['split'] : []),
  ].join(' ');
}

function compose(shape: Shape): PassStatement {
  const { ending, caps, worth, reserved, rationed, split } = shape;
  const pressed = Array.from({ length: caps }, (_, n) => PRESS_CAP.replaceAll('__N__', String(n + 1)));
  const decide = DECIDE.replace('__TALLY__', () => (split ? '' : `${TALLY},`))
    .replace('__CAPS__', () => pressed.join(', ')).replace('__ANY_CAP__', () => pressed.join(' or ') || 'false')
    .replace('__RESERVE__', () => (reserved ? part('reserve-gate').trim() : ''))
    .replace('__RESERVATIONS__', () => (reserved
      ? 'left join reserve_gate as rg on not :transactional::boolean and not :ignoreCaps::boolean and rg.user_id = m.user_id' : part('no-reservations').trim()))
    .replace('__PRICES__', () => (worth ? 'left join priced as w on w.user_id = m.user_id' : part('no-prices').trim()))
    .replace('__RATIONED__', () => part(rationed ? 'ration' : 'no-ration').trim())
    .replaceAll(/__LIMIT_OF_(\w)__/g, (_, cap: string) => LIMIT_OF_CAP.replaceAll('__CAP__', cap));
  const asked = `with asked as ${split ? `not materialized (${ASKED_OF_SPLIT})` : `materialized (${ASKED})`}${worth ? `,\n${priceOf('asked')}` : ''}`;
  return numberParameters(withUsers(`${asked}\n${decide}\n${split ? '' : part('barred')}${endingOf(ending, shape)}`));
}

function endingOf(ending: Ending, { worth, again, split }: Shape): string {
  // Of a pool that was split everybody is asked, and knows how many messages count.
  const counted = split ? 'cross join lateral (select e.messages) as k' : 'left join tally as k on k.user_id = e.user_id';
  const barred = (columns: string): string => (split ? '' : `union all select ${columns} from barred as b`);
  switch (ending) {
    case 'record':
      return part('record-verdicts')
        .replace('__BARRED__', () => barred(`b.user_id, b.entry, b.due_at, b.expires_at, b.state, b.why, null, b.variant, null, null, null, null, nextval('delivery_id_seq'), null`))
        .replace('__COUNTED__', () => counted)
        .replace('__AGAIN__', () => (again ? part('decide-again').replace('__KEY__', ROW_KEYS[again]) : ''))
        .replace('__RETURNING__', again ? 'returning d.user_id, d.id, d.state' : '')
        .replace('__TAKEN__', again ? 'written' : 'numbered')
        .replace('__TERMS__', () => (worth ? part('record-worth').replace('__AGAIN__', () => (again ? part('decide-worth-again') : '')) : ''));
    case 'take':
      return part('take-verdicts').replace('__BARRED__', () => barred('b.user_id, b.state, b.why, b.variant, null, null, null')).replace('__COUNTED__', () => counted);
    case 'ask':
      return part('ask-verdicts');
    case 'show':
      return part('show-verdict').replace('__COUNTED__', () => counted);
  }
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
