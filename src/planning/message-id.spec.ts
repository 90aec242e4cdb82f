import { createCipheriv } from 'node:crypto';
import { MessageIds, type MessageRef } from './message-id.js';

const codec = new MessageIds(Buffer.alloc(32, 7));
const refs: MessageRef[] = [
  { month: '2026-11-01', userId: '1', id: '1' },
  { month: '2026-12-01', userId: '281474976710655', id: '2' },
  { month: '2026-11-01', userId: '3', id: '281474976710655' },
];

const ref = (n: number): MessageRef => ({ month: '2026-11-01', userId: String(n), id: String(n * 7) });

/** The id of row n in the given spelling, made without the codec. */
function spelt(n: number, spelling: number): string {
  const block = Buffer.alloc(16);
  block.writeUInt16BE(spelling, 0);
  block.writeUInt16BE(26 * 12 + 10, 2);
  block.writeUIntBE(n, 4, 6);
  block.writeUIntBE(n * 7, 10, 6);
  return createCipheriv('aes-128-ecb', Buffer.alloc(16, 7), null).setAutoPadding(false).update(block).toString('base64url');
}

describe('message ids', () => {
  it('of many made together are those of each made alone, and lead back to each', () => {
    const ids = codec.encodeAll(refs);
    expect(ids).toEqual(refs.map((ref) => codec.encode(ref)));
    expect(ids.map((id) => codec.decode(id))).toEqual(refs);
  });

  it('begin with no hyphen, which a spreadsheet would run as a formula, and lead back all the same', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ref(n));
    const ids = codec.encodeAll(many);
    expect(ids.filter((id) => id.startsWith('-'))).toEqual([]);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.map((id) => codec.decode(id))).toEqual(many);
  });

  it('that did begin with one, in phones of an earlier version, still lead to their messages', () => {
    const earlier = Array.from({ length: 1_000 }, (_, n) => ({ id: spelt(n, 0), ref: ref(n) })).filter((one) => one.id.startsWith('-'));
    expect(earlier.length).toBeGreaterThan(5);
    for (const { id, ref } of earlier) expect([codec.decode(id), codec.encode(ref) === id]).toEqual([ref, false]);
  });

  it('in another spelling than the one we give are not believed', () => {
    for (let n = 0; n < 1_000; n++) {
      const given = codec.encode(ref(n)) === spelt(n, 1);
      expect(codec.decode(spelt(n, 1))).toEqual(given ? ref(n) : undefined);
    }
  });

  it('of none are none', () => expect(codec.encodeAll([])).toEqual([]));
});
