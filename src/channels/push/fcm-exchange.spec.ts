import { classifyLostStream } from './fcm-exchange.js';

describe('what a lost stream proves', () => {
  const progress = { answered: false, ended: false, headersDropped: false };
  const REFUSED = 7;
  const cut = { ...progress, error: Object.assign(new Error(), { code: 'ERR_HTTP2_STREAM_ERROR' }) };

  test.each<[string, { id?: number; rstCode: number }, typeof progress, { errorCode: number; lastStreamId: number } | undefined, string]>([
    ['refused stream', { id: 5, rstCode: REFUSED }, cut, undefined, 'not_sent'],
    ['above the last stream of a GOAWAY', { id: 5, rstCode: 2 }, cut, { errorCode: 2, lastStreamId: 3 }, 'not_sent'],
    ['never got an id', { rstCode: 0 }, progress, undefined, 'not_sent'],
    ['headers never left', { id: 5, rstCode: 2 }, { ...cut, headersDropped: true }, undefined, 'not_sent'],
    ['at the last stream of a GOAWAY', { id: 5, rstCode: 2 }, cut, { errorCode: 2, lastStreamId: 5 }, 'ambiguous'],
    ['a GOAWAY whose own code looks like a refusal', { id: 5, rstCode: REFUSED }, cut, { errorCode: REFUSED, lastStreamId: 5 }, 'ambiguous'],
    ['refused after a clean GOAWAY, below its last stream', { id: 3, rstCode: REFUSED }, cut, { errorCode: 0, lastStreamId: 5 }, 'not_sent'],
    ['reset', { id: 5, rstCode: 2 }, cut, undefined, 'ambiguous'],
    ['session lost', { id: 5, rstCode: 8 }, progress, undefined, 'ambiguous'],
    ['closed without an answer', { id: 5, rstCode: 0 }, progress, undefined, 'ambiguous'],
    ['refused although it had begun to answer', { id: 5, rstCode: REFUSED }, { ...cut, answered: true }, undefined, 'ambiguous'],
  ])('%s', (_name, stream, seen, goaway, expected) => {
    expect(classifyLostStream(stream, seen, goaway).kind).toBe(expected);
  });
});
