// The cheapest HTTP client there is, because it shares the machine with the server: raw kept sockets, requests made beforehand.
import { connect } from 'node:net';

/** The bytes of one request. @param body a text, or an object that becomes JSON */
export function request(url, method, path, { key, body, type = 'application/json' } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '').replace(/^""$/, '');
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${url.host}`, ...(key ? [`Authorization: Bearer ${key}`] : []),
    ...(text ? [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(text)}`] : []), 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0'];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
}

/** Sends the requests over `sockets` sockets, `depth` under way on each. @throws on an answer of another status */
export function drive(url, requests, { sockets = 20, depth = 10, status = '200' } = {}) {
  let next = 0;
  const lane = () => new Promise((done, fail) => {
    const socket = connect(Number(url.port), url.hostname);
    let open = 0;
    let rest = '';
    const more = () => {
      const from = next;
      next = Math.min(requests.length, next + depth - open);
      open += next - from;
      if (next > from) socket.write(Buffer.concat(requests.slice(from, next)));
      if (open === 0) socket.end(done);
    };
    socket.setEncoding('latin1').setNoDelay(true).on('connect', more).on('error', fail).on('data', (text) => {
      rest += text;
      for (let end; (end = answerEnd(rest)) > 0; rest = rest.slice(end)) {
        if (rest.slice(9, 12) !== status) return fail(new Error(rest.slice(0, 1_000)));
        open--;
      }
      more();
    });
  });
  return Promise.all(Array.from({ length: Math.min(sockets, requests.length) }, lane));
}

/** Where the first answer of the text ends; 0 while it has not come whole. */
function answerEnd(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const found = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head));
  if (!found) throw new Error(`an answer without a length: ${text.slice(0, head)}`);
  const end = head + 4 + Number(found[1]);
  return end <= text.length ? end : 0;
}
