import { once } from 'node:events';
import type { Response } from 'express';
import { Problem } from '../../platform/errors/index.js';
import { CONTENT_TYPES, type Encoder, type Format } from './encoders.js';

const STALL_MS = 60_000;

/**
 * Sends an export as it is read: the next rows are fetched only once the reader has taken the last ones.
 * @param name of the file, without its ending; made by us, never by a caller
 * @param rows the signal tells that the reader went away
 */
export async function sendExport<Row>(
  response: Response, { name, format, encoder }: { name: string; format: Format; encoder: Encoder<Row> },
  rows: (gone: AbortSignal) => AsyncIterable<readonly Row[]>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const start = (): Promise<void> => {
    response.set({
      'Content-Type': CONTENT_TYPES[format], 'Cache-Control': 'no-store', 'Content-Disposition': `attachment; filename="${name}.${format}"`,
    });
    return write(response, encoder.head(), gone.signal);
  };
  // Only with the first rows at hand: until then a fault can still be answered as one.
  let started = false;
  for await (const batch of rows(gone.signal)) {
    if (gone.signal.aborted) return;
  if (!started) await start();
    started = true;
    await write(response, encoder.rows(batch), gone.signal);
    if (gone.signal.aborted) return;
  }
  if (gone.signal.aborted) return;
  if (!started) await start();
  await write(response, encoder.tail(), gone.signal);
  if (!gone.signal.aborted) response.end();
}

/** @throws Problem for a reader that takes nothing for a minute: it would hold a snapshot of the database open for ever. */
async function write(response: Response, bytes: Uint8Array | string, gone: AbortSignal): Promise<void> {
  if (bytes.length === 0 || gone.aborted || response.write(bytes)) return;
  const stalled = AbortSignal.timeout(STALL_MS);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([gone, stalled]) });
  } catch (error) {
    if (gone.aborted) return;
    if (stalled.aborted) throw new Problem(503, 'The export was not read for a minute.');
    throw error;
  }
}
