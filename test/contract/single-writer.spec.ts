import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;
const PAGE = 'docs/architecture.md';

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((path) => ending.test(path)).map((path) => `${folder}/${path}`).sort();
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The tables that the migrations make, partitions left out. */
function tablesOfSchema(): Set<string> {
  const found = filesIn('migrations', /\.ts$/).flatMap((path) => [...textOf(path).matchAll(/^create table (\w+) \(/gm)]);
  return new Set(found.map(([, table]) => table!));
}

const TABLES = tablesOfSchema();

/** parent → tables whose rows go with it (ON DELETE CASCADE), those of those included. */
function cascades(): Map<string, Set<string>> {
  const schema = filesIn('migrations', /\.ts$/).map(textOf).join('\n');
  const direct = [...schema.matchAll(/^create table (\w+) \(([\s\S]*?);$/gm)].flatMap(([, child, body]) =>
    [...body!.matchAll(/references (\w+) \(\w+\) on delete cascade/g)].map(([, parent]) => [parent!, child!] as const));
  const below = (parent: string): string[] => direct.filter(([of]) => of === parent).flatMap(([, child]) => [child, ...below(child)]);
  return new Map([...TABLES].map((table) => [table, new Set(below(table))]));
}

const CASCADES = cascades();

/** `src/delivery/sql/x.sql` belongs to delivery, `src/platform/jobs/sql/y.sql` to platform/jobs. */
function moduleOf(path: string): string {
  const [, first, second] = path.split('/');
  return first === 'platform' ? `platform/${second}` : first!;
}

/** What a statement writes, read from the statement itself. */
function written(sql: string): Set<string> {
  const bare = sql.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const verbs = [/\binsert\s+into\s+(\w+)/gi, /\bdelete\s+from\s+(\w+)/gi, /\bupdate\s+(\w+)(?:\s+as)?(?:\s+\w+)?\s+set\b/gi];
  const tables = verbs.flatMap((verb) => [...bare.matchAll(verb)].map(([, table]) => table!));
  const partitions = [...sql.matchAll(/(?:ensure_month_partition|drop_month_partitions)\('(\w+)'/g)].map(([, table]) => table!);
  return new Set([...tables, ...partitions].filter((table) => TABLES.has(table)));
}

/** What its header says: everything after `writes:` in the leading comment that is the name of a table. */
function declared(sql: string): Set<string> {
  const header = /^(?:--[^\n]*\n)+/.exec(sql)?.[0] ?? '';
  const clauses = [...header.matchAll(/\bwrites: ([^\n]*)/g)].map(([, clause]) => clause!.replace(/\breads:.*/, ''));
  return new Set(clauses.flatMap((clause) => clause.match(/\w+/g) ?? []).filter((word) => TABLES.has(word)));
}

const SQL = filesIn('src', /\.sql$/).map((path) => ({ path, text: textOf(path) }));

/** table → modules with a statement that writes it. Statements composed in TypeScript count too. */
function writers(): Map<string, string[]> {
  const composed = filesIn('src', /(?<!\.spec)\.ts$/).map((path) => ({ path, tables: written(textOf(path)) }));
  const fromFiles = SQL.map(({ path, text }) => ({ path, tables: declared(text) }));
  const found = new Map([...TABLES].map((table) => [table, new Set<string>()]));
  for (const { path, tables } of [...composed, ...fromFiles]) for (const table of tables) found.get(table)!.add(moduleOf(path));
  return new Map([...found].map(([table, modules]) => [table, [...modules].sort()]));
}

interface Row {
  table: string;
  modules: string[];
  reason: string;
}

/** The rows of the table under "Who writes what". */
function documented(): Row[] {
  const section = /^## Who writes what\n([\s\S]*?)(?=^## )/m.exec(textOf(PAGE))?.[1];
  if (!section) throw new Error(`${PAGE} has no section "Who writes what"`);
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]*) \|$/gm)].map(([, table, modules, reason]) => ({
    table: table!, modules: modules!.split(',').map((name) => name.trim()).sort(), reason: reason!.trim(),
  }));
}

describe('one table, one writing module', () => {
  it('the header of every SQL file names the tables that its statement writes, and no other', () => {
    const wrong = SQL.flatMap(({ path, text }) => {
      const [says, does] = [declared(text), written(text)];
      const missing = [...does].filter((table) => !says.has(table));
      const takenAlong = [...does].flatMap((table) => (/\bdelete from\b/.test(text) ? [...CASCADES.get(table)!] : []));
      const idle = [...says].filter((table) => !does.has(table) && !takenAlong.includes(table));
      return missing.length + idle.length > 0 ? [`${path}: writes ${[...does].join(', ') || 'nothing'}, header says ${[...says].join(', ') || 'nothing'}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  it(`the table of ${PAGE} is what the headers say`, () => {
    const rows = documented().map(({ table, modules }) => `${table}: ${modules.join(', ')}`).sort();
    expect(rows).toEqual([...writers()].map(([table, modules]) => `${table}: ${modules.join(', ')}`).sort());
  });

  it('a table with a second writer has a reason beside it', () => {
    expect(documented().filter(({ modules, reason }) => modules.length > 1 && reason === '')).toEqual([]);
  });
});
