import pg from 'pg';

type Rewrite = (sql: string) => string;

/** From here on every statement of this process passes through `rewrite` on its way to Postgres. @returns how to undo it. */
export function mutateSql(rewrite: Rewrite): { hits: () => number; undo: () => void } {
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  let hits = 0;
  const changed = (text: string): string => {
    const mutant = rewrite(text);
    if (mutant !== text) hits++;
    return mutant;
  };
  pg.Client.prototype.query = function (this: unknown, ...args: unknown[]) {
    const [first, ...rest] = args;
    if (typeof first === 'string') return original.call(this, changed(first), ...rest);
    const config = first as { text?: string; name?: string };
    if (typeof config?.text !== 'string') return original.call(this, ...args);
    const text = changed(config.text);
    if (text === config.text) return original.call(this, ...args);
    // A prepared plan is known by its name: the mutant may not answer for the healthy one, nor be answered for by it.
    const { name: _, ...unnamed } = config;
    return original.call(this, { ...unnamed, text }, ...rest);
  } as never;
  return { hits: () => hits, undo: () => void (pg.Client.prototype.query = original as never) };
}
