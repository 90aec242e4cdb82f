import { MessageIds, type MessageRef } from './message-id.js';

const codec = new MessageIds(Buffer.alloc(32, 7));
const refs: MessageRef[] = [
  { month: '2026-11-01', userId: '1', id: '1' },
  { month: '2026-12-01', userId: '281474976710655', id: '2' },
  { month: '2026-11-01', userId: '3', id: '281474976710655' },
];

describe('message ids', () => {
  it('of many made together are those of each made alone, and lead back to each', () => {
    const ids = codec.encodeAll(refs);
    expect(ids).toEqual(refs.map((ref) => codec.encode(ref)));
    expect(ids.map((id) => codec.decode(id))).toEqual(refs);
  });

  it('of none are none', () => expect(codec.encodeAll([])).toEqual([]));
});
