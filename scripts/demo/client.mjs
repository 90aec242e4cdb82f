import { Agent, request } from 'node:http';
import { Told } from '../lib/run.mjs';

/** An answer of the server that the demo did not expect. */
export class ApiError extends Told {
  constructor(method, path, status, problem) {
    const fields = (problem?.errors ?? []).slice(0, 3).map(({ path: at, message }) => `${at}: ${message}`);
    const why = [problem?.detail ?? problem?.title, ...fields].filter(Boolean).join('; ');
    super(`${method} ${path} answered ${status}${why ? `: ${why}` : ''}`);
    this.status = status;
  }
}

/**
 * One HTTP request over kept-alive connections.
 * @param {string} method
 * @param {URL} url
 * @param {{headers?: object, body?: string, agent?: Agent}} options
 * @returns {Promise<{status: number, headers: object, text: string}>}
 */
export function send(method, url, { headers = {}, body, agent } = {}) {
  return new Promise((resolve, reject) => {
    const sized = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method, headers: sized, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('error', (error) => {
      // The server may close an idle connection just as we use it. All that the demo sends may be sent twice: ids make it count once.
      if (call.reusedSocket && error.code === 'ECONNRESET') resolve(send(method, url, { headers, body, agent }));
      else reject(error);
    });
    call.end(body);
  });
}

/** The public REST API with one key. */
export class Api {
  #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  /** @param {string} url of the server @param {string} key */
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  get(path) {
    return this.#json('GET', path);
  }
  post(path, body = {}, headers) {
    return this.#json('POST', path, body, headers);
  }
  put(path, body, headers) {
    return this.#json('PUT', path, body, headers);
  }
  patch(path, body) {
    return this.#json('PATCH', path, body);
  }

  /** The answer as text. */
  async text(path) {
    return (await this.#call('GET', path)).text;
  }

  close() {
    this.#agent.destroy();
  }

  async #json(method, path, body, headers) {
    const { text } = await this.#call(method, path, body, headers);
    return text === '' ? undefined : JSON.parse(text);
  }

  async #call(method, path, body, more = {}) {
    const headers = { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more };
    const options = { headers, body: body === undefined ? undefined : JSON.stringify(body), agent: this.#agent };
    const answer = await send(method, new URL(path, this.url), options).catch((error) => {
      throw new Told(`${method} ${path} got no answer: ${error.message}. Is the server gone?`);
    });
    if (answer.status >= 400) throw new ApiError(method, path, answer.status, problemOf(answer.text));
    return answer;
  }
}

function problemOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
