import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/index.js';
import { Config } from '../config/index.js';
import { unauthenticated } from '../errors/index.js';
import type { Caller } from './caller.js';
import { Installation } from './installation.js';

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/** HS256 JWTs `{sub, exp}` that bind a public app key to one user; minted by the host's backend or by this server. */
@Injectable()
export class UserTokens {
  constructor(
    private readonly config: Config,
    private readonly installation: Installation,
    private readonly clock: Clock,
  ) {}

  mint(userId: string, ttlMs: number): { token: string; expiresAt: Date } {
    const exp = Math.floor((this.clock.now().getTime() + ttlMs) / 1000);
    const payload = Buffer.from(JSON.stringify({ sub: userId, exp })).toString('base64url');
    const signed = `${HEADER}.${payload}`;
    return { token: `${signed}.${this.sign(signed).toString('base64url')}`, expiresAt: new Date(exp * 1000) };
  }

  /** The caller with the user it speaks for, where its key is an app's and the header names one. @throws as `read` */
  bind(key: Caller, header: string | string[] | undefined): Caller {
    const userId = key.scope === 'app' ? this.read(header) : undefined;
    return userId === undefined ? key : { ...key, userId };
  }

  /** The user of the header, or undefined where there is none. @throws Problem 401 for a token that does not hold. */
  read(header: string | string[] | undefined): string | undefined {
    if (header === undefined) return undefined;
    const parts = typeof header === 'string' ? header.trim().split('.') : [];
    if (parts.length !== 3 || !this.signatureHolds(parts)) throw unauthenticated('The X-User-Token is not valid.');
    const claims = decode(parts[1]!);
    if (typeof claims?.sub !== 'string' || typeof claims.exp !== 'number') {
      throw unauthenticated('The X-User-Token lacks sub or exp.');
    }
    if (claims.exp * 1000 <= this.clock.now().getTime()) throw unauthenticated('The X-User-Token has expired.');
    return claims.sub;
  }

  private signatureHolds([header, payload, signature]: string[]): boolean {
    // The algorithm is ours, not the token's: "none" and RS256 tricks never reach a comparison.
    if (decode(header!)?.alg !== 'HS256') return false;
    const given = Buffer.from(signature!, 'base64url');
    const expected = this.sign(`${header}.${payload}`);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private sign(text: string): Buffer {
    const secret = this.config.env.USER_TOKEN_SECRET ?? this.installation.key('user-token');
    return createHmac('sha256', secret).update(text).digest();
  }
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
