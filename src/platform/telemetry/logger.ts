import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as Pino } from 'pino';

/** Secrets and personal data that a careless log line might carry. Addresses and tokens are never logged on purpose. */
const REDACTED = ['*.authorization', '*.token', '*.email', '*.key', '*.secret', '*.password', 'authorization', 'token', 'email', 'key', 'secret', 'password'];

/** Bytes of log that wait for a disk that is full; what comes beyond is dropped. */
const MAX_WAITING = 1_000_000;

/** Structured logs, one JSON object a line. A sink that is gone or full costs the log, never the process. */
export function createLogger(level: string): Pino {
  const sink = pino.destination({ fd: 1, sync: true, maxLength: MAX_WAITING });
  sink.on('error', () => undefined);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return pino({ level, redact: { paths: REDACTED, censor: '[redacted]' }, base: { pid: process.pid } }, sink);
}

/** Nest's own chatter: a line for each of a hundred routes is no news to an operator. */
const FRAMEWORK = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** Nest's logger on pino: `logger.warn('text')` or `logger.error({ err, … })`. */
export class PinoLogger implements LoggerService {
  constructor(private readonly pino: Pino) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal', message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const fields = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    this.pino[level]({ ...(typeof context === 'string' ? { context } : {}), ...fields });
  }
}
