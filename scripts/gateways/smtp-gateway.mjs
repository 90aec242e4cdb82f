import { SMTPServer } from 'smtp-server';

/** Replies to RCPT TO. */
const RCPT = {
  421: [421, '4.3.2 Service not available, closing transmission channel'],
  450: [450, '4.2.1 Mailbox busy, try again later'],
  452: [452, '4.2.2 Mailbox full'],
  550: [550, '5.1.1 No such user here'],
  '550_policy': [550, '5.7.1 Message rejected for policy reasons'],
};
/** Replies to the end of the data: the message was not taken. */
const DATA = {
  data_451: [451, '4.3.0 Temporary failure'],
  data_554: [554, '5.6.0 Message refused'],
};

function reply([code, text]) {
  return Object.assign(new Error(text), { responseCode: code });
}

/** Header lines as [name, value], unfolded. */
function readHeaders(raw) {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw.slice(0, end < 0 ? raw.length : end).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
}

/**
 * Stands in for a mail server: takes whatever is sent to it, without authentication, TLS or look-ups.
 * @param {{rules: import('./rules.mjs').Rules, journal: import('./journal.mjs').Journal, onMessage: (message: object) => void}} options
 */
export function createSmtpGateway({ rules, journal, onMessage }) {
  let accepted = 0;
  const stats = { opened: 0 };
  const behaviourOf = (address) => rules.find('email', address);
  const socketOf = (session) => [...server.connections].find((connection) => connection.session === session)?._socket;

  function accept(session, raw) {
    const to = session.envelope.rcptTo.map((recipient) => recipient.address);
    const id = `gw${++accepted}`;
    const headers = readHeaders(raw);
    const messageId = headers.find(([name]) => name.toLowerCase() === 'message-id')?.[1];
    for (const address of to) journal.accept('email', address, { messageId, id });
    onMessage({ channel: 'email', id, from: session.envelope.mailFrom.address, to, messageId, headers, raw });
    return id;
  }

  /** After the final dot: what happens between the accept and the answer. */
  function finish(session, raw, callback) {
    const { behaviour, delayMs = 0 } = session.rule;
    if (DATA[behaviour]) return callback(reply(DATA[behaviour]));
    const id = accept(session, raw);
    journal.then(() => {
      if (behaviour === 'drop') return socketOf(session)?.destroy();
      if (behaviour === 'reset') return socketOf(session)?.resetAndDestroy();
      if (behaviour === 'hang') return undefined;
      const wait = rules.latencyMs + delayMs + (behaviour === 'slow' ? 1000 : 0);
      return wait > 0 ? setTimeout(() => callback(null, `queued as ${id}`), wait) : callback(null, `queued as ${id}`);
    });
  }

  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    hideSTARTTLS: true,
    disableReverseLookup: true,
    logger: false,
    banner: 'Rapport stand-in',
    closeTimeout: 1000,
    onConnect(session, callback) {
      stats.opened++;
      const { behaviour } = behaviourOf('greeting');
      if (behaviour === 'hang') return undefined;
      if (behaviour === 'drop') return socketOf(session)?.destroy();
      return callback(behaviour === '421' ? reply(RCPT[421]) : null);
    },
    onRcptTo({ address }, session, callback) {
      session.rule = behaviourOf(address);
      const { behaviour } = session.rule;
      journal.request('email', address, { connection: session.id });
      if (behaviour === 'drop_rcpt') return socketOf(session)?.destroy();
      if (!RCPT[behaviour]) return callback();
      callback(reply(RCPT[behaviour]));
      if (behaviour === '421') setTimeout(() => socketOf(session)?.end(), 5);
    },
    onData(stream, session, callback) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => finish(session, Buffer.concat(chunks).toString('utf8'), callback));
    },
  });
  server.on('error', () => undefined);

  return {
    stats,
    listen: (port, host) => new Promise((resolve, reject) => server.listen(port, host, () => resolve(server.server.address().port)).once('error', reject)),
    close: () => {
      for (const connection of server.connections) connection._socket?.destroy();
      server.close(() => undefined);
    },
  };
}
