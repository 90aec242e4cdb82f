import { randomBytes } from 'node:crypto';
import { MessageIds } from '../delivery/index.js';
import { LinkTokens, type LinkPurpose } from './link-token.js';

const PURPOSES: LinkPurpose[] = ['open', 'click', 'unsubscribe', 'preferences'];
const codec = new MessageIds(Buffer.alloc(32, 7));
const secret = Buffer.alloc(32, 1);
const tokens = new LinkTokens(codec, [secret]);
const ref = (n: number) => ({ month: '2026-03-01', userId: String(100 + n), id: String(1_000 + n) });
const make = (purpose: LinkPurpose, n: number) => tokens.make(purpose, ref(n), purpose === 'click' ? String(n + 1) : undefined);

describe('link tokens', () => {
  it('give back the message and the link they were made for', () => {
    for (const purpose of PURPOSES) expect(tokens.read(purpose, make(purpose, 5))?.ref).toEqual(ref(5));
    expect(tokens.read('click', make('click', 5))?.linkId).toBe('6');
  });

  it('open nothing but their own purpose', () => {
    for (const made of PURPOSES) {
      for (const read of PURPOSES) {
        expect(tokens.read(read, make(made, 1)) !== undefined).toBe(made === read);
      }
    }
  });

  it('of 1,000 tokens with each bit flipped none is accepted', () => {
    let accepted = 0;
    for (let n = 0; n < 1_000; n++) {
      const purpose = PURPOSES[n % PURPOSES.length]!;
      const bytes = Buffer.from(make(purpose, n), 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        if (tokens.read(purpose, bytes.toString('base64url'))) accepted++;
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
    expect(accepted).toBe(0);
  });

  it('have one spelling: any flipped bit of the text, padding and foreign letters are refused', () => {
    for (const purpose of PURPOSES) {
      const text = make(purpose, 3);
      for (let i = 0; i < text.length; i++) {
        for (let bit = 0; bit < 8; bit++) {
          const other = text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << bit)) + text.slice(i + 1);
          expect(tokens.read(purpose, other)).toBeUndefined();
        }
      }
      for (const other of [`${text}=`, `${text}A`, ` ${text}`, `${text}\n`, text.replace(/[-_]/, '+'), text.slice(0, -1), '']) {
        if (other !== text) expect(tokens.read(purpose, other)).toBeUndefined();
      }
    }
  });

  it('name nobody: user and row do not show, and two messages of one user share nothing', () => {
    const one = Buffer.from(make('open', 1), 'base64url').subarray(1, 17);
    const two = Buffer.from(tokens.make('open', { ...ref(1), id: '2000' }), 'base64url').subarray(1, 17);
    expect(one.filter((byte, i) => byte === two[i]).length).toBeLessThan(6);
    const named = Buffer.alloc(6);
    named.writeUIntBE(101, 0, 6);
    expect(Buffer.from(make('open', 1), 'base64url').includes(named)).toBe(false);
  });

  it('of an older secret are read until it is retired, of a foreign one never', () => {
    const next = Buffer.alloc(32, 2);
    const rotated = new LinkTokens(codec, [next, secret]);
    expect(rotated.read('unsubscribe', make('unsubscribe', 1))?.ref).toEqual(ref(1));
    expect(new LinkTokens(codec, [next]).read('unsubscribe', make('unsubscribe', 1))).toBeUndefined();
    expect(tokens.read('unsubscribe', rotated.make('unsubscribe', ref(1)))).toBeUndefined();
  });

  it('of 10,000 invented texts of the right length none is accepted', () => {
    for (let n = 0; n < 10_000; n++) expect(tokens.read('open', randomBytes(33).toString('base64url'))).toBeUndefined();
  });
});
