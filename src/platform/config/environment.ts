import 'reflect-metadata';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min, MinLength } from 'class-validator';

const empty = ({ value }: { value: unknown }): unknown => (value === '' ? undefined : value);
const wholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value === '' ? undefined : value;

const DATABASE = { protocols: ['postgres', 'postgresql'], require_tld: false, require_host: false };
const HTTP = { protocols: ['http', 'https'], require_tld: false, require_protocol: true };

/**
 * Every variable the process reads, in the order of `.env.example` (a test compares them). The process refuses to start on a
 * bad value and names the variable, never the value: it may be a secret.
 */
export class Environment {
  /** HTTP port; 0 takes a free one. */
  @Transform(wholeNumber) @IsInt() @Min(0) @Max(65_535)
  PORT: number = 3000;

  /** Address to listen on. */
  @IsString() @MinLength(1)
  HOST: string = '0.0.0.0';

  /** Where the embedded database and Redis live. */
  @IsString() @MinLength(1)
  DATA_DIR: string = '.rapport';

  /** PostgreSQL 15 or newer. Absent together with REDIS_URL: the embedded ones. */
  @Transform(empty) @IsOptional() @IsUrl(DATABASE)
  DATABASE_URL?: string;

  /** Redis 6 or newer, with maxmemory-policy noeviction. */
  @Transform(empty) @IsOptional() @Matches(/^(rediss?|unix):\/\//, { message: 'REDIS_URL must be a redis://, rediss:// or unix:// URL' })
  REDIS_URL?: string;

  /** all, api (no sending, no jobs) or worker (health and metrics only over HTTP). */
  @IsIn(['all', 'api', 'worker'])
  ROLE: 'all' | 'api' | 'worker' = 'all';

  /** Where phones, mail readers and marketers reach this server; links in mails begin with it. Default: http://localhost:PORT. */
  @Transform(empty) @IsOptional() @IsUrl(HTTP)
  PUBLIC_URL?: string;

  /** Bootstrap admin key. Absent: the first start makes one and prints it. */
  @Transform(empty) @IsOptional() @IsString()
  ADMIN_API_KEY?: string;

  /** Signs X-User-Token. Absent: derived from the database's own secret. */
  @Transform(empty) @IsOptional() @IsString()
  USER_TOKEN_SECRET?: string;

  /** Signs tracking, unsubscribe and preference links. Absent: derived from the database's own secret. */
  @Transform(empty) @IsOptional() @IsString()
  LINK_SECRET?: string;

  /** Earlier LINK_SECRETs, separated by spaces: links that they signed go on working, none is signed with them. */
  @Transform(empty) @IsOptional() @Matches(/^\s*\S{16,}(\s+\S{16,})*\s*$/, { message: 'LINK_SECRET_PREVIOUS must be secrets of at least 16 characters, separated by spaces' })
  LINK_SECRET_PREVIOUS?: string;

  /** Browser origins, comma-separated, that may use what an app key may. */
  @Transform(empty) @IsOptional() @Matches(/^\s*https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*\s*$/, { message: 'CORS_ORIGINS must be a comma-separated list of origins such as https://shop.example' })
  CORS_ORIGINS?: string;

  /** Firebase project. Without it and FCM_ENDPOINT pushes go to the sandbox. */
  @Transform(empty) @IsOptional() @Matches(/^[a-z0-9-]{3,64}$/, { message: 'FCM_PROJECT_ID must be a Firebase project id' })
  FCM_PROJECT_ID?: string;

  /** Path of the service account's JSON file. */
  @Transform(empty) @IsOptional() @IsString()
  GOOGLE_APPLICATION_CREDENTIALS?: string;

  /** Where FCM requests go; default Google's. http:// is HTTP/2 with prior knowledge and the token "owner". */
  @Transform(empty) @IsOptional() @IsUrl(HTTP)
  FCM_ENDPOINT?: string;

  /** Messages a minute that Firebase grants the project; Rapport uses 80 % of it. */
  @Transform(wholeNumber) @IsInt() @Min(60) @Max(100_000_000)
  FCM_QUOTA_PER_MINUTE: number = 600_000;

  /** smtp:// or smtps:// URL. Without it mail goes to the sandbox. */
  @Transform(empty) @IsOptional() @Matches(/^smtps?:\/\//, { message: 'SMTP_URL must be a smtp:// or smtps:// URL' })
  SMTP_URL?: string;

  /** Default sender of mail, an address or "Name <address>". */
  @Matches(/^[^\r\n\0]*@[^\r\n\0]+$/, { message: 'MAIL_FROM must be a mail address' })
  MAIL_FROM: string = 'Rapport <news@localhost>';

  /** Domains, comma-separated, that a template's own `from` may use. */
  @Transform(empty) @IsOptional() @IsString()
  MAIL_FROM_DOMAINS?: string;

  /** Domain that signs mail (DKIM); together with DKIM_SELECTOR and DKIM_KEY_FILE. Absent: unsigned, or signed by the mail server. */
  @Transform(empty) @IsOptional() @Matches(/^[a-z0-9.-]+\.[a-z0-9-]+$/i, { message: 'DKIM_DOMAIN must be a domain' })
  DKIM_DOMAIN?: string;

  /** Selector under which the public key stands: <selector>._domainkey.<domain>. */
  @Transform(empty) @IsOptional() @Matches(/^[a-z0-9._-]+$/i, { message: 'DKIM_SELECTOR must be a selector such as s1' })
  DKIM_SELECTOR?: string;

  /** File with the private key, PEM. */
  @Transform(empty) @IsOptional() @IsString()
  DKIM_KEY_FILE?: string;

  /** fatal, error, warn, info, debug or trace. */
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL: string = 'info';

  /** Chunks that this process sends at the same time. */
  @Transform(wholeNumber) @IsInt() @Min(1) @Max(64)
  SEND_CONCURRENCY: number = 4;

  /** Milliseconds for one request to a provider. */
  @Transform(wholeNumber) @IsInt() @Min(100) @Max(60_000)
  REQUEST_TIMEOUT_MS: number = 10_000;

  /** Milliseconds a worker holds a chunk without renewing it. */
  @Transform(wholeNumber) @IsInt() @Min(500) @Max(120_000)
  CHUNK_LEASE_MS: number = 10_000;

  /** Milliseconds until a slice that was not settled becomes unknown; longer than REQUEST_TIMEOUT_MS. */
  @Transform(wholeNumber) @IsInt() @Min(1_000) @Max(300_000)
  SLICE_LEASE_MS: number = 20_000;
}
