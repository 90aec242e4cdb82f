const WIDTH = 28;
const REDRAW_MS = 80;
const LABEL = 22;

/** 12,345 */
export function count(n) {
  return Math.round(n).toLocaleString('en-US');
}

/** 3.1 s, 1 min 05 s */
export function seconds(s) {
  return s < 60 ? `${s.toFixed(1)} s` : `${Math.floor(s / 60)} min ${String(Math.floor(s % 60)).padStart(2, '0')} s`;
}

/** The line of a bar while it runs. A total of 0 is shown as full. */
export function barLine({ label, done, total, elapsed }) {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
  return `  ${label.padEnd(LABEL)} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${count(done)}/${count(total)}  ${count(rate(done, elapsed))}/s`;
}

/** The line that stays. */
export function doneLine({ label, done, elapsed, unit, note }) {
  return `  ${label.padEnd(LABEL)} ${count(done)} ${unit} in ${seconds(elapsed)} (${count(rate(done, elapsed))}/s)${note ? `; ${note}` : ''}`;
}

function rate(done, elapsed) {
  return elapsed > 0 ? done / elapsed : 0;
}

/** Progress bars on a terminal; elsewhere each step leaves its one line when it is done. */
export class Bars {
  /** @param {{write(text: string): void, isTTY?: boolean, columns?: number}} out @param {() => number} now monotonic milliseconds */
  constructor(out, now = () => performance.now()) {
    this.out = out;
    this.now = now;
    this.running = undefined;
  }

  /** Prints a line above a running bar. */
  line(text = '') {
    this.#clear();
    this.out.write(`${text}\n`);
  }

  /**
   * Begins a step.
   * @returns {{advance(n?: number): void, to(n: number): void, finish(note?: string): void}}
   */
  start(label, total, unit) {
    const began = this.now();
    const state = { label, total, unit, done: 0, elapsed: 0 };
    let drawn = -Infinity;
    const to = (done) => {
      state.done = done;
      const at = this.now();
      state.elapsed = (at - began) / 1000;
      if (!this.out.isTTY || at - drawn < REDRAW_MS) return;
      drawn = at;
      this.#draw(barLine(state));
    };
    this.running = state;
    return {
      advance: (n = 1) => to(state.done + n),
      to,
      finish: (note) => {
        state.elapsed = (this.now() - began) / 1000;
        this.running = undefined;
        this.line(doneLine({ ...state, note }));
      },
    };
  }

  #draw(text) {
    this.out.write(`\r\u001b[2K${text.slice(0, (this.out.columns ?? 120) - 1)}`);
  }

  #clear() {
    if (this.out.isTTY) this.out.write('\r\u001b[2K');
  }
}
