import { createHmac, timingSafeEqual } from 'node:crypto';
import type { MessageRef } from '../delivery/index.js';

export type LinkPurpose = 'open' | 'click' | 'unsubscribe' | 'preferences';

export interface LinkContent {
  readonly ref: MessageRef;
  /** Of a click: which stored URL. */
  readonly linkId?: string;
}

/** How a message is named without naming anybody: the public message id, one encrypted block. */
export interface RefCodec {
  encode(ref: MessageRef): string;
  decode(text: string): MessageRef | undefined;
}

interface SigningKey {
  readonly id: number;
  readonly secret: Buffer;
}

const BLOCK = 16;
const LINK = 6;
const MAC = 16;
const LENGTHS: Record<LinkPurpose, number> = {
  open: 1 + BLOCK + MAC, unsubscribe: 1 + BLOCK + MAC, preferences: 1 + BLOCK + MAC, click: 1 + BLOCK + LINK + MAC,
};

/**
 * Tokens of the links in a mail: key id (1 byte), encrypted message (16), stored URL (6, clicks only), HMAC-SHA256 cut to 128
 * bits. The purpose is under the MAC, so that an open's token opens nothing else. Every length is a multiple of three bytes and
 * the text must re-encode to itself, so that no bit of it is free.
 */
export class LinkTokens {
  private readonly keys: readonly [SigningKey, ...SigningKey[]];

  /** @param secrets the one to sign with first; the others still open what they signed. */
  constructor(
    private readonly codec: RefCodec,
    secrets: readonly [Buffer, ...Buffer[]],
  ) {
    const [first, ...others] = secrets;
    this.keys = [signingKey(first), ...others.map(signingKey)];
  }

  make(purpose: LinkPurpose, ref: MessageRef, linkId?: string): string {
    if ((purpose === 'click') !== (linkId !== undefined)) throw new Error('a click, and only a click, names a link');
    const [key] = this.keys;
    const link = Buffer.alloc(linkId === undefined ? 0 : LINK);
    if (linkId !== undefined) link.writeUIntBE(Number(linkId), 0, LINK);
    const body = Buffer.concat([Buffer.of(key.id), Buffer.from(this.codec.encode(ref), 'base64url'), link]);
    return Buffer.concat([body, mac(key, purpose, body)]).toString('base64url');
  }

  /** @returns undefined for whatever this installation did not make for exactly this purpose. */
  read(purpose: LinkPurpose, token: string): LinkContent | undefined {
    const bytes = Buffer.from(token, 'base64url');
    // Buffer skips what is no base64url; only the one spelling that we write is read.
    if (bytes.length !== LENGTHS[purpose] || bytes.toString('base64url') !== token) return undefined;
    const body = bytes.subarray(0, -MAC);
    const given = bytes.subarray(-MAC);
    const known = this.keys.some((key) => key.id === body[0] && timingSafeEqual(mac(key, purpose, body), given));
    const ref = known ? this.codec.decode(body.subarray(1, 1 + BLOCK).toString('base64url')) : undefined;
    if (!ref) return undefined;
    return purpose === 'click' ? { ref, linkId: String(body.readUIntBE(1 + BLOCK, LINK)) } : { ref };
  }
}

/** The id only spares trying every key; two secrets that share one are both tried. */
function signingKey(secret: Buffer): SigningKey {
  const derived = createHmac('sha256', secret).update('rapport link tokens').digest();
  return { id: createHmac('sha256', derived).update('id').digest()[0]!, secret: derived };
}

function mac(key: SigningKey, purpose: LinkPurpose, body: Buffer): Buffer {
  return createHmac('sha256', key.secret).update(`${purpose}\0`).update(body).digest().subarray(0, MAC);
}
