/** A server address as the mail library's options. */
export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte (`smtps:`); with `smtp:` STARTTLS is used where offered. */
  secure: boolean;
  auth?: { user: string; pass: string };
  requireTLS?: boolean;
  ignoreTLS?: boolean;
}

/**
 * Reads `smtp://user:pass@host:port` or `smtps://…`, with `?requireTLS=true` or `?ignoreTLS=true`. Read here, because the library
 * lets the query of a URL override every option, our time-outs and file access among them.
 * @throws Error naming what is wrong, without the password
 */
export function parseSmtpUrl(text: string): SmtpServer {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error('SMTP_URL is no URL; expected smtp://host:port or smtps://host:port');
  }
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') throw new Error(`SMTP_URL: unknown scheme ${url.protocol}//`);
  if (url.hostname === '') throw new Error('SMTP_URL names no host');
  const secure = url.protocol === 'smtps:';
  const server: SmtpServer = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
  };
  if (url.username) server.auth = { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  for (const [name, value] of url.searchParams) {
    if ((name !== 'requireTLS' && name !== 'ignoreTLS') || !/^(true|false)$/.test(value)) {
      throw new Error(`SMTP_URL: unknown option ${name}=${value}; known are requireTLS and ignoreTLS, true or false`);
    }
    server[name] = value === 'true';
  }
  return server;
}
