import { applicationDefault, cert, deleteApp, initializeApp } from 'firebase-admin/app';
import type { Clock } from '../../platform/clock/index.js';
import type { ChannelLog } from '../channel-log.js';

/** A token is replaced this long before it ends, so that none runs out between here and Google's check. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Where the `Authorization` header of a send comes from. */
export interface FcmCredential {
  /** The header's value; no promise where it is at hand. @throws whatever the token endpoint answered; nothing was sent then. */
  authorization(): string | Promise<string>;
  /** The server refused the token: the next call fetches another. */
  invalidate(): void;
  close(): Promise<void>;
}

/** Against an `http:` endpoint, as with Firebase's emulators: the token `owner`, no OAuth and no service account. */
export function ownerCredential(): FcmCredential {
  return {
    authorization: () => 'Bearer owner',
    invalidate: () => undefined,
    close: () => Promise.resolve(),
  };
}

interface AccessToken {
  access_token: string;
  /** Seconds. */
  expires_in: number;
}

/** Keeps a token until shortly before it ends; callers that come together share one fetch. */
export class CachedCredential implements FcmCredential {
  private cached?: { header: string; refreshAt: number } | undefined;
  private fetching?: Promise<string> | undefined;

  constructor(
    private readonly fetchToken: () => Promise<AccessToken>,
    private readonly dispose: () => Promise<void>,
    private readonly clock: Clock,
    private readonly log: ChannelLog,
  ) {}

  authorization(): string | Promise<string> {
    if (this.cached && this.clock.monotonic() < this.cached.refreshAt) return this.cached.header;
    this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  invalidate(): void {
    this.cached = undefined;
  }

  close(): Promise<void> {
    return this.dispose();
  }

  private async fetch(): Promise<string> {
    try {
      const token = await this.fetchToken();
      const header = `Bearer ${token.access_token}`;
      this.cached = { header, refreshAt: this.clock.monotonic() + token.expires_in * 1000 - REFRESH_BEFORE_MS };
      return header;
    } catch (error) {
      // Said here and not at the callers: one fetch serves hundreds of them.
      this.log.warn(`no FCM access token: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }
}

let apps = 0;

/**
 * The token of a service account (`credentialsFile`) or of the machine's default credentials, through firebase-admin, kept until
 * shortly before it ends.
 * @throws when the file cannot be read or is no service account
 */
export function appCredential(options: {
  projectId: string;
  credentialsFile?: string | undefined;
  clock: Clock;
  log: ChannelLog;
}): FcmCredential {
  const credential = options.credentialsFile ? cert(options.credentialsFile) : applicationDefault();
  // A name of its own: the host's default Firebase app, and a second sender in a test, stay untouched.
  const app = initializeApp({ credential, projectId: options.projectId }, `rapport-push-${++apps}`);
  return new CachedCredential(() => credential.getAccessToken(), () => deleteApp(app), options.clock, options.log);
}
