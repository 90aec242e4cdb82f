import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Environment } from './environment.js';

// Characters: 16 random letters and digits are 95 bits.
const STRONG_SECRET = 16;

/** Configuration as the code sees it: validated, frozen, no process.env behind it. */
export class Config {
  constructor(readonly env: Readonly<Environment>) {}

  get embedded(): boolean {
    return !this.env.DATABASE_URL && !this.env.REDIS_URL;
  }
  get publicUrl(): string {
    return (this.env.PUBLIC_URL ?? `http://localhost:${this.env.PORT}`).replace(/\/+$/, '');
  }
  get corsOrigins(): string[] {
    return split(this.env.CORS_ORIGINS);
  }
  get mailFromDomains(): string[] {
    return split(this.env.MAIL_FROM_DOMAINS).map((domain) => domain.toLowerCase());
  }
  /**
   * Secrets that can be guessed, by name. Taken all the same: on a developer's machine "secret" is a fair value, and a server that
   * does not start protects nobody. The start says it.
   */
  get weakSecrets(): string[] {
    return (['ADMIN_API_KEY', 'USER_TOKEN_SECRET', 'LINK_SECRET'] as const)
      .filter((name) => this.env[name] !== undefined && this.env[name].length < STRONG_SECRET);
  }
  get sends(): boolean {
    return this.env.ROLE !== 'api';
  }
  get serves(): boolean {
    return this.env.ROLE !== 'worker';
  }
}

/** Thrown at start with one line for each bad variable. */
export class ConfigError extends Error {}

/** @throws ConfigError naming every variable that is wrong. */
export function loadConfig(source: NodeJS.ProcessEnv): Config {
  const known = Object.keys(new Environment());
  const given = Object.fromEntries(Object.entries(source).filter(([name]) => isVariable(name, known)));
  for (const [name, value] of Object.entries(given)) if (value === '' && known.includes(name)) delete given[name];
  const env = plainToInstance(Environment, given);
  const problems = validateSync(env, { whitelist: true }).flatMap((e) => Object.values(e.constraints ?? {}));
  if ((env.DATABASE_URL === undefined) !== (env.REDIS_URL === undefined)) {
    problems.push('DATABASE_URL and REDIS_URL belong together: set both, or neither for the embedded ones');
  }
  const dkim = [env.DKIM_DOMAIN, env.DKIM_SELECTOR, env.DKIM_KEY_FILE].filter((value) => value !== undefined);
  if (dkim.length !== 0 && dkim.length !== 3) problems.push('DKIM_DOMAIN, DKIM_SELECTOR and DKIM_KEY_FILE belong together: set all three, or none');
  if (env.SLICE_LEASE_MS <= env.REQUEST_TIMEOUT_MS) {
    problems.push('SLICE_LEASE_MS must be longer than REQUEST_TIMEOUT_MS, or a message under way would be called lost');
  }
  if (problems.length > 0) throw new ConfigError(`configuration refused:\n  ${problems.join('\n  ')}`);
  return new Config(Object.freeze(env));
}

/** Fields without a default do not exist on a bare instance, so the names come from the class's own text order elsewhere. */
function isVariable(name: string, known: string[]): boolean {
  return known.includes(name) || OPTIONAL.has(name);
}

const OPTIONAL = new Set([
  'DATABASE_URL', 'REDIS_URL', 'PUBLIC_URL', 'ADMIN_API_KEY', 'USER_TOKEN_SECRET', 'LINK_SECRET', 'LINK_SECRET_PREVIOUS', 'CORS_ORIGINS',
  'FCM_PROJECT_ID', 'DKIM_DOMAIN', 'DKIM_SELECTOR', 'DKIM_KEY_FILE', 'GOOGLE_APPLICATION_CREDENTIALS', 'FCM_ENDPOINT', 'SMTP_URL', 'MAIL_FROM_DOMAINS',
]);

function split(list: string | undefined): string[] {
  return (list ?? '').split(',').map((part) => part.trim()).filter(Boolean);
}
