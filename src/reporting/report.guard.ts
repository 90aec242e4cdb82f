import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { KeyRing, type Scope } from '../platform/auth/index.js';
import { Problem, forbidden } from '../platform/errors/index.js';

const READERS: Scope[] = ['admin', 'marketer', 'analyst'];

/**
 * Lets people in with a browser: it cannot send a bearer token, so the key is also taken as the password of Basic authentication. On
 * this one page only, which changes nothing: a browser repeats a password to whoever makes it call, and other routes write.
 */
@Injectable()
export class ReportGuard implements CanActivate {
  constructor(private readonly keys: KeyRing) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const secret = secretOf(request.headers.authorization ?? '');
    const key = secret === undefined ? undefined : await this.keys.find(secret);
    if (!key) throw new Problem(401, 'Send the API key as a bearer token or as the password.', undefined, { 'WWW-Authenticate': 'Basic realm="Rapport", charset="UTF-8"' });
    if (!READERS.includes(key.scope)) throw forbidden(`A key of scope ${key.scope} may not do this.`);
    return true;
  }
}

function secretOf(header: string): string | undefined {
  const [scheme, value] = /^(Bearer|Basic) ([\x21-\x7e]{1,2000})$/i.exec(header)?.slice(1) ?? [];
  if (value === undefined) return undefined;
  if (scheme!.toLowerCase() === 'bearer') return value;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : pair.slice(colon + 1);
}
