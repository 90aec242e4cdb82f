import { Injectable } from '@nestjs/common';

// Each export keeps one of the API's ten connections for as long as its reader takes.
const SLOTS = 3;

/** Lets a few exports run at the same time and the others wait, so that slow readers never take the API's last connection. */
@Injectable()
export class ExportSlots {
  private free = SLOTS;
  private readonly waiting: (() => void)[] = [];

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((next) => this.waiting.push(next));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}
