import { createCipheriv, createDecipheriv, type Cipher, type Decipher } from 'node:crypto';

/** Where a message stands in the ledger: its partition, its user's internal id and its row. */
export interface MessageRef {
  /** First day of the run's month, `YYYY-MM-01`. */
  readonly month: string;
  readonly userId: string;
  readonly id: string;
}

const BLOCK = 16;
const TEXT = /^[A-Za-z0-9_-]{22}$/;

// First six bits of a block whose first character is the hyphen, base64url's 62.
const HYPHEN = 62;

/**
 * Message ids that need no look-up table and cannot be guessed: one AES-128 block over (spelling, month, user, row), as 22
 * characters of base64url. A block cipher under a secret key is a permutation, so an invented id decodes to noise; the two
 * bytes of the spelling, the month's range and the row itself must all fit before anything is believed.
 *
 * The spelling is 0, and for one id in 64 the next number whose id does not begin with a hyphen: a spreadsheet runs such a
 * text as a formula, so a CSV file has to alter it, and then it is no longer the id by which the analyst joins.
 */
export class MessageIds {
  // Kept: making a cipher costs ten times as much as the one block that it is made for, and ECB has no state between blocks.
  private readonly cipher: Cipher;
  private readonly decipher: Decipher;

  constructor(secret: Buffer) {
    const key = secret.subarray(0, BLOCK);
    this.cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  encode(ref: MessageRef): string {
    return this.encodeAll([ref])[0]!;
  }

  /** The ids of many messages: a call of the cipher costs far more than a block. */
  encodeAll(refs: readonly MessageRef[]): string[] {
    const blocks = Buffer.alloc(BLOCK * refs.length);
    refs.forEach((ref, i) => write(blocks, i * BLOCK, ref, 0));
    const ids = this.cipher.update(blocks);
    return refs.map((ref, i) => (hyphenAt(ids, i * BLOCK) ? this.spellAgain(ref) : ids.toString('base64url', i * BLOCK, (i + 1) * BLOCK)));
  }

  /** @returns undefined for a text that this installation did not make. */
  decode(text: string): MessageRef | undefined {
    if (!TEXT.test(text)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== BLOCK || bytes.toString('base64url') !== text) return undefined;
    const block = this.decipher.update(bytes);
    const month = monthText(block.readUInt16BE(2));
    if (month === undefined) return undefined;
    const ref = { month, userId: String(block.readUIntBE(4, 6)), id: String(block.readUIntBE(10, 6)) };
    // Spelling 0 is believed also behind a hyphen: such ids are in phones and files from before there was another.
    return block.readUInt16BE(0) === 0 || this.encode(ref) === text ? ref : undefined;
  }

  private spellAgain(ref: MessageRef): string {
    const block = Buffer.alloc(BLOCK);
    for (let spelling = 1; ; spelling++) {
      write(block, 0, ref, spelling);
      const id = this.cipher.update(block);
      if (!hyphenAt(id, 0)) return id.toString('base64url');
    }
  }
}

function write(blocks: Buffer, at: number, ref: MessageRef, spelling: number): void {
  blocks.writeUInt16BE(spelling, at);
  blocks.writeUInt16BE(monthNumber(ref.month), at + 2);
  blocks.writeUIntBE(Number(ref.userId), at + 4, 6);
  blocks.writeUIntBE(Number(ref.id), at + 10, 6);
}

function hyphenAt(ids: Buffer, at: number): boolean {
  return ids[at]! >> 2 === HYPHEN;
}

/** Months since January 2000. */
function monthNumber(month: string): number {
  return (Number(month.slice(0, 4)) - 2000) * 12 + Number(month.slice(5, 7)) - 1;
}

function monthText(n: number): string | undefined {
  if (n >= 1200) return undefined;
  return `${2000 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}-01`;
}
