/**
 * What a mail reader does to a mail before showing it: finds the HTML and undoes its transfer encoding.
 * @param {string} raw a message of RFC 5322
 * @returns {string} '' where there is no HTML
 */
export function htmlOf(raw) {
  const { headers, body } = split(raw);
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";\s]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1);
    return parts.map((part) => htmlOf(part.replace(/^[ \t]*\r\n/, ''))).find(Boolean) ?? '';
  }
  return /^text\/html/i.test(type) ? decode(body, headers.get('content-transfer-encoding') ?? '7bit') : '';
}

function split(raw) {
  const end = raw.indexOf('\r\n\r\n');
  const head = end < 0 ? raw : raw.slice(0, end);
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { headers, body: end < 0 ? '' : raw.slice(end + 4) };
}

function decode(body, encoding) {
  if (/^base64$/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/^quoted-printable$/i.test(encoding)) return body;
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * What a mail asks a reader to load, follow or offer.
 * @param {{raw: string, headers: Array<[string, string]>}} mail as the gateway got it
 * @returns {{pixel?: string, links: string[], unsubscribe?: string}} absolute URLs; `unsubscribe` only with RFC 8058's second header
 */
export function readMail({ raw, headers }) {
  const html = htmlOf(raw).replaceAll('&amp;', '&');
  const header = (name) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const oneClick = /one-click/i.test(header('list-unsubscribe-post') ?? '');
  return {
    pixel: /<img\b[^>]*\bsrc="([^"]*\/t\/o\/[^"]*)"/i.exec(html)?.[1],
    links: [...html.matchAll(/<a\b[^>]*\bhref="([^"]*\/t\/c\/[^"]*)"/gi)].map(([, url]) => url),
    unsubscribe: oneClick ? /<(https?:[^>]+)>/.exec(header('list-unsubscribe') ?? '')?.[1] : undefined,
  };
}
