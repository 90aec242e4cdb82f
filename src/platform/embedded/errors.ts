/**
 * Reasons why the embedded servers cannot start that the operator can act on. The message is one line, made to be
 * printed as it is, without a stack.
 */
export class EmbeddedError extends Error {
  override name = 'EmbeddedError';
}

/** Another living process holds the data folder. */
export class DataDirInUse extends EmbeddedError {
  override name = 'DataDirInUse';

  constructor(
    readonly dataDir: string,
    holder?: string,
  ) {
    const by = holder ? ` (${holder})` : '';
    super(`The data folder ${dataDir} is in use by a running Rapport${by}: stop that one, or set another DATA_DIR.`);
  }
}

/** The user that has to run Postgres cannot reach the data folder. */
export class DataDirClosed extends EmbeddedError {
  override name = 'DataDirClosed';

  constructor(
    readonly closedFolder: string,
    user: string,
  ) {
    super(
      `Started as root, Postgres runs as the user "${user}", who may not pass through ${closedFolder}: ` +
        `run "chmod o+x ${closedFolder}", or set DATA_DIR to a folder below open ones (for example /var/lib/rapport).`,
    );
  }
}

/** No redis-server could be found. */
export class RedisMissing extends EmbeddedError {
  override name = 'RedisMissing';

  constructor(
    what: string,
    readonly installCommand: string,
  ) {
    super(`${what} Install Redis with: ${installCommand}   (or set REDIS_SERVER_BIN, or DATABASE_URL and REDIS_URL)`);
  }
}
