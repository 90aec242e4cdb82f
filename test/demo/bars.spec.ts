import { demoModule } from './demo-module.js';

interface Step { advance(n?: number): void; to(n: number): void; finish(note?: string): void }
const { Bars, barLine, seconds } = await demoModule<{
  Bars: new (out: { write(text: string): void; isTTY?: boolean; columns?: number }, now: () => number) => { line(text?: string): void; start(label: string, total: number, unit: string): Step };
  barLine(state: { label: string; done: number; total: number; elapsed: number }): string;
  seconds(s: number): string;
}>('bars');

function bars(isTTY: boolean): { step: Step; output: () => string; tick: (ms: number) => void } {
  let written = '';
  let now = 0;
  const step = new Bars({ write: (text) => (written += text), isTTY, columns: 120 }, () => now).start('Events', 4000, 'events');
  return { step, output: () => written, tick: (ms) => (now += ms) };
}

describe('progress', () => {
  it('is a bar that moves on a terminal, and one line in the end', () => {
    const { step, output, tick } = bars(true);
    tick(1000);
    step.advance(1000);
    expect(output()).toContain(' 25 %  1,000/4,000  1,000/s');
    tick(10);
    step.advance(1000); // too soon to draw again
    expect(output()).not.toContain(' 50 %');
    tick(990);
    step.to(4000);
    step.finish('all of them');
    expect(output().split('\u001b[2K').at(-1)).toBe('  Events                 4,000 events in 2.0 s (2,000/s); all of them\n');
  });

  it('is plain lines elsewhere', () => {
    const { step, output, tick } = bars(false);
    tick(2000);
    step.advance(4000);
    expect(output()).toBe('');
    step.finish();
    expect(output()).toBe('  Events                 4,000 events in 2.0 s (2,000/s)\n');
  });

  it('shows nothing to do as done and never more than all', () => {
    expect(barLine({ label: 'x', done: 0, total: 0, elapsed: 0 })).toContain('100 %');
    expect(barLine({ label: 'x', done: 9, total: 3, elapsed: 1 })).toContain(`${'█'.repeat(28)} 100 %`);
    expect([seconds(3.14), seconds(65)]).toEqual(['3.1 s', '1 min 05 s']);
  });
});
