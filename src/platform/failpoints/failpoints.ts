/** What a fault at a failpoint does: the process dies, is stopped (SIGSTOP), or the call throws as if the connection were lost. */
export type FaultAction = 'kill' | 'stop' | 'throw';

export interface Fault {
  readonly name: string;
  /** The how-manieth passing of the point it strikes, from 1. */
  readonly nth: number;
  readonly action: FaultAction;
}

/** Looks like what the driver throws when the server's socket goes away, because that is what it stands for. */
export class InjectedFault extends Error {
  readonly code = 'ECONNRESET';
  constructor(name: string) {
    super(`injected fault at ${name}`);
  }
}

const FORM = /^([a-z./-]+):([1-9]\d*):(kill|stop|throw)$/;

/**
 * `name:nth:action`, several separated by commas.
 * @throws Error naming the part that is wrong: a fault test whose fault never strikes would pass for nothing.
 */
export function parseFaults(text: string): Fault[] {
  return text.split(',').map((part) => {
    const [, name, nth, action] = FORM.exec(part.trim()) ?? [];
    if (!name) throw new Error(`FAILPOINT: ${part} is not <name>:<nth>:<kill|stop|throw>`);
    return { name, nth: Number(nth), action: action as FaultAction };
  });
}

/** The faults of an environment; none unless it says that it is a test. */
export function faultsOf(env: Readonly<Record<string, string | undefined>>): Fault[] {
  return env['NODE_ENV'] === 'test' && env['FAILPOINT'] ? parseFaults(env['FAILPOINT']) : [];
}

const passed = new Map<string, number>();
let armed: readonly Fault[] = faultsOf(process.env);

/** Replaces the armed faults and starts counting anew; for tests in this process. Does nothing elsewhere. */
export function armFaults(faults: readonly Fault[]): void {
  if (process.env['NODE_ENV'] !== 'test') return;
  armed = faults;
  passed.clear();
}

/** How often the point was passed since the faults were armed. */
export function passesOf(name: string): number {
  return passed.get(name) ?? 0;
}

/** A place where a test may make the process die, stop or fail. Costs one comparison where nothing is armed. */
export function failpoint(name: string): void {
  if (armed.length === 0) return;
  const count = passesOf(name) + 1;
  passed.set(name, count);
  for (const fault of armed) if (fault.name === name && fault.nth === count) strike(fault);
}

function strike({ name, action }: Fault): void {
  process.stderr.write(`failpoint ${name} ${action}\n`);
  if (action === 'throw') throw new InjectedFault(name);
  process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
}
