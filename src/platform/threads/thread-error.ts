export type ThreadFailure =
  /** The task threw; `cause` is what it threw. */
  | 'failed'
  /** The task ran longer than its limit; its thread is gone. */
  | 'timeout'
  /** The task wanted more memory than its thread may have; its thread is gone. */
  | 'memory'
  /** The signal of the caller was given; `cause` is its reason. */
  | 'cancelled'
  /** The thread ended without an answer, or could not be started. */
  | 'crashed'
  /** The pool was closed before the task was done. */
  | 'closed';

/** Why a task has no result. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';

  constructor(
    readonly reason: ThreadFailure,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** An error as it crosses to another thread, where its class is gone. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: SentError;
  /** Own fields that can be cloned: a code, a position. */
  readonly fields: Record<string, unknown>;
}

/** The error again on this side: of class Error, with the name, the stack and the fields that it had. */
export function receivedError({ name, message, stack, cause, fields }: SentError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: receivedError(cause) });
  return Object.assign(error, fields, { name }, stack === undefined ? {} : { stack });
}
