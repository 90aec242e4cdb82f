/** What was cut out of the text: a value and where it ends, or why the line it begins on is none. */
export type Cut<T> = { value: T; end: number } | { fault: string };

/** Cuts the record that begins at `from`. @returns undefined if its end is still to come */
export type Cutter<T> = (text: string, from: number, atEnd: boolean) => Cut<T> | undefined;

export type Piece<T> = { line: number; value: T } | { line: number; fault: string };

/** Characters. More than the largest row that any type of import takes. */
export const MAX_RECORD = 1024 * 1024;

/**
 * Cuts a text that comes in chunks into records, in bounded memory whatever comes. A record that cannot be read costs its first
 * line only: reading goes on at the next, so that one stray quote does not swallow the rest of the file.
 */
export class RecordReader<T> {
  private text = '';
  private at = 0;
  private line = 1;
  private skipping = false;
  private begun = false;

  constructor(private readonly cut: Cutter<T>) {}

  push(chunk: string): Piece<T>[] {
    this.text = this.text.slice(this.at) + (this.begun ? chunk : chunk.replace(/^\uFEFF/, ''));
    this.begun ||= chunk !== '';
    this.at = 0;
    return this.drain(false);
  }

  end(): Piece<T>[] {
    return this.drain(true);
  }

  private drain(atEnd: boolean): Piece<T>[] {
    const pieces: Piece<T>[] = [];
    while (this.at < this.text.length) {
      if (this.skipping && !this.passLine()) break;
      if (this.passBlank()) continue;
      if (this.at >= this.text.length) break;
      const found = this.cut(this.text, this.at, atEnd) ?? this.tooLong(atEnd);
      if (found === undefined) break;
      const line = this.line;
      if ('value' in found) this.passTo(found.end);
      else this.skipping = !this.passLine();
      pieces.push('value' in found ? { line, value: found.value } : { line, fault: found.fault });
    }
    return pieces;
  }

  private tooLong(atEnd: boolean): { fault: string } | undefined {
    return atEnd || this.text.length - this.at > MAX_RECORD ? { fault: 'the row is longer than 1 MB or has a quote that is never closed' } : undefined;
  }

  /** @returns false, with all text passed, where the line's end is still to come. */
  private passLine(): boolean {
    const newline = this.text.indexOf('\n', this.at);
    this.passTo(newline === -1 ? this.text.length : newline + 1);
    this.skipping = newline === -1;
    return newline !== -1;
  }

  private passBlank(): boolean {
    const newline = this.text.indexOf('\n', this.at);
    const blank = newline === this.at || (newline === this.at + 1 && this.text[this.at] === '\r');
    if (blank) this.passTo(newline + 1);
    return blank;
  }

  private passTo(end: number): void {
    for (let i = this.text.indexOf('\n', this.at); i !== -1 && i < end; i = this.text.indexOf('\n', i + 1)) this.line += 1;
    this.at = end;
  }
}
