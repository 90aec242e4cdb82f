import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bars, count } from '../demo/bars.mjs';
import { Told } from '../lib/run.mjs';

const LOOK_EVERY_MS = 500;
/** A server that is being restarted is no reason to stop looking: the import goes on by itself. */
const PATIENCE = 60;

/** @returns the exit code */
export async function runImport(options) {
  const bars = new Bars(process.stdout);
  const id = options.resume ?? (await send(options, bars));
  if (options.resume !== undefined) await resumeIfFailed(options, id);
  const end = await follow(options, id, bars);
  if (end.status === 'failed') throw new Told(`Import ${id} failed: ${end.error} ${count(end.accepted)} rows were stored before.`);
  bars.line(`  accepted ${count(end.accepted)}, there before ${count(end.duplicates)}, refused ${count(end.rejected)}`);
  if (end.rejected === 0) return 0;
  if (options.rejected) await download(options, id);
  else bars.line(`  The refused rows and why: GET /v1/imports/${id}/rejected, or --resume ${id} --rejected FILE`);
  return 2;
}

async function send(options, bars) {
  const { file, type, format, columns, segment } = options;
  const { size } = await stat(file).catch(() => {
    throw new Told(`There is no file ${file}.`);
  });
  const { id } = await json(options, 'POST', '/v1/imports', { type, format, columns, segment });
  const bar = bars.start(`upload ${id}`, size, 'bytes');
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  source.on('data', (chunk) => bar.advance(chunk.length));
  await call(options, 'PUT', `/v1/imports/${id}/file`, { 'content-type': format === 'csv' ? 'text/csv' : 'application/x-ndjson', 'content-length': size }, source);
  bar.finish();
  return id;
}

async function resumeIfFailed(options, id) {
  const { status } = await json(options, 'GET', `/v1/imports/${id}`);
  if (status === 'waiting') throw new Told(`Import ${id} has no file yet: start a new one with FILE.`);
  if (status === 'failed') await json(options, 'POST', `/v1/imports/${id}/resume`, {});
}

async function follow(options, id, bars) {
  const bar = bars.start(`import ${id}`, 100, '%');
  for (let missed = 0; ;) {
    const found = await json(options, 'GET', `/v1/imports/${id}`).catch((error) => {
      if (error instanceof Refused || ++missed > PATIENCE) throw error;
    });
    if (found) {
      missed = 0;
      bar.to(found.progress * 100);
      if (found.status === 'done' || found.status === 'failed') {
        bar.finish();
        return found;
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function download(options, id) {
  const { response } = await open(options, 'GET', `/v1/imports/${id}/rejected`, {});
  await pipeline(response, createWriteStream(options.rejected));
}

/** The server has answered, and not with what was asked for. */
class Refused extends Told {}

async function json(options, method, path, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return JSON.parse(await call(options, method, path, headers, text));
}

async function call(options, method, path, headers, body) {
  const { response } = await open(options, method, path, headers, body);
  return textOf(response);
}

/** @param body a text, a stream or nothing */
async function open({ url, key }, method, path, headers, body) {
  const target = new URL(path, url);
  const make = target.protocol === 'https:' ? https : http;
  const response = await new Promise((done, fail) => {
    const request = make(target, { method, headers: { authorization: `Bearer ${key}`, ...headers } }, done);
    request.on('error', (error) => fail(new Told(`${method} ${path} got no answer: ${error.message}`)));
    if (typeof body === 'object') pipeline(body, request).catch(() => undefined);
    else request.end(body);
  });
  if (response.statusCode >= 400) throw new Refused(`${method} ${path} answered ${response.statusCode}: ${why(await textOf(response))}`);
  return { response };
}

async function textOf(response) {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

function why(text) {
  try {
    const { detail, errors = [] } = JSON.parse(text);
    return [detail, ...errors.map(({ path, message }) => `${path} ${message}`)].join('; ');
  } catch {
    return text.slice(0, 200);
  }
}
