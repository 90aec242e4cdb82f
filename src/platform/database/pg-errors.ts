/** SQLSTATE of an error of the driver, or undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Deadlock (40P01) or serialisation failure (40001): the same work may succeed in a new transaction. */
export function isSerializationConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40P01' || state === '40001';
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** The connection is gone: its transaction ended at the server, and the outcome of a COMMIT in flight is unknown. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('08') || state.startsWith('57P') || state === '25P03';
  const code = (error as { code?: string }).code;
  return code === 'ECONNRESET' || code === 'EPIPE' || /Connection terminated|Query read timeout/.test(String((error as Error).message));
}

/** Nothing is wrong with the work: the database is not there, has no connection left (53300) or gave none in time. */
export function isUnavailable(error: unknown): boolean {
  const { code, syscall, message } = error as { code?: string; syscall?: string; message?: string };
  return isConnectionLoss(error) || code === '53300' || code === 'ECONNREFUSED' || code === 'ETIMEDOUT' || (code === 'ENOENT' && syscall === 'connect')
    || /timeout exceeded when trying to connect/.test(String(message));
}
