import { createHash } from 'node:crypto';
import pg from 'pg';

interface Query {
  name?: string;
  text?: string;
}

/** What only bears on how statements are planned. */
const OF_PLANNING = /^analyze |^select set_config\('enable_nestloop'/;

/**
 * From here on Postgres parses and plans every statement of a pass once for each connection instead of once for each wave: what is
 * composed at run time gets a name, and what only bears on planning is left out. The statements and what they answer stay the same; over
 * a few users planning is most of what they cost.
 * @returns how to undo it
 */
export function planOnce(): () => void {
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  const generic = new WeakSet<object>();
  pg.Client.prototype.query = function (this: object, ...args: unknown[]) {
    const { name, text } = args[0] as Query;
    if (text !== undefined && OF_PLANNING.test(text)) return leftOut(args.at(-1));
    const run = (): unknown => original.call(this, ...(text === undefined ? args : [planned(args[0] as object, text, name), ...args.slice(1)]));
    if (generic.has(this)) return run();
    generic.add(this);
    return (original.call(this, 'set plan_cache_mode = force_generic_plan') as Promise<unknown>).then(run);
  } as never;
  return () => void (pg.Client.prototype.query = original as never);
}

/** @param callback of a statement that goes through a pool; in a transaction there is none. */
function leftOut(callback: unknown): unknown {
  const nothing = { rows: [], rowCount: 0 };
  return typeof callback === 'function' ? process.nextTick(callback, null, nothing) : Promise.resolve(nothing);
}

function planned(query: object, text: string, name: string | undefined): object {
  return name === undefined && /^with\b/.test(text) ? named(query, text) : query;
}

/** Names of prepared statements have at most 63 characters. */
function named(query: object, text: string): object {
  return { ...query, name: `planned-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`, text };
}
