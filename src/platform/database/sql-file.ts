import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * One statement of one `.sql` file with named parameters (`:name`), typed by the caller.
 * The statement's name labels its prepared plan, its metrics and its errors.
 */
export interface SqlFile<P extends object, R> {
  readonly name: string;
  readonly text: string;
  readonly params: readonly string[];
  /** Never set: carries the types of parameters and rows. */
  readonly types?: { params: P; row: R };
}

// A name directly after a colon that is neither a cast (::) nor part of a word (12:30 in a literal is cut out before).
const PARAMETER = /(?<![:\w]):([a-zA-Z][a-zA-Z0-9]*)/g;
const LITERAL_OR_COMMENT = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** Turns `:name` into `$n`, the same number for the same name; literals and comments are left alone. */
export function numberParameters(source: string): { text: string; params: string[] } {
  const params: string[] = [];
  const number = (code: string): string =>
    code.replace(PARAMETER, (_, name: string) => {
      if (!params.includes(name)) params.push(name);
      return `$${params.indexOf(name) + 1}`;
    });
  let text = '';
  let at = 0;
  for (const skip of source.matchAll(LITERAL_OR_COMMENT)) {
    text += number(source.slice(at, skip.index)) + (skip[0].startsWith("'") ? skip[0] : '');
    at = skip.index + skip[0].length;
  }
  return { text: (text + number(source.slice(at))).trim(), params };
}

/** Every statement that was loaded, by name: the contract test prepares each against the migrated schema. */
export const SQL_FILES = new Map<string, SqlFile<never, unknown>>();

/**
 * Loads `path` relative to the module that calls (`import.meta.url`) once, at import.
 * @throws if the file is missing or two files share a name.
 */
export function sqlFile<P extends object = Record<string, never>, R = Record<string, never>>(
  moduleUrl: string,
  path: string,
): SqlFile<P, R> {
  const file = join(dirname(fileURLToPath(moduleUrl)), path);
  const name = basename(path, '.sql');
  const statement = Object.freeze({ name, ...numberParameters(readFileSync(file, 'utf8')) });
  if (SQL_FILES.has(name)) throw new Error(`two SQL files are named ${name}`);
  SQL_FILES.set(name, statement);
  return statement;
}

/** The text of a fragment that is no statement by itself; see its composer for what is put together. */
export function sqlPart(moduleUrl: string, path: string): string {
  return readFileSync(join(dirname(fileURLToPath(moduleUrl)), path), 'utf8').replace(LITERAL_OR_COMMENT, (text) =>
    text.startsWith("'") ? text : '');
}
