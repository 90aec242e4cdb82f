import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process of this id exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // In a container without an init an orphan stays a zombie for ever: it holds nothing, so it counts as gone.
  return !/^State:\s+[ZX]/m.test(read(`/proc/${pid}/status`));
}

/**
 * Whether the process really is the one we started: pids are reused, so its folder or its command line must name ours.
 * @param home the folder the process works in @param marks strings of which one stands in its command line
 */
export function isOurs(pid: number, home: string, marks: string[]): boolean {
  if (process.platform === 'linux') {
    // Redis replaces its command line by a title, so the working folder is asked first.
    if (workingDir(pid) === home) return true;
    return marks.some((mark) => read(`/proc/${pid}/cmdline`).includes(mark));
  }
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return [home, ...marks].some((mark) => (stdout ?? '').includes(mark));
}

function workingDir(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The pid in the first line of a file, if there is one. */
export function readPid(file: string): number | undefined {
  const pid = Number.parseInt(read(file), 10);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Resolves to whether the process is gone within `ms`. */
export async function waitUntilGone(pid: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
