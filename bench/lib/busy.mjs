// How busy a process's main thread and the machine's cores were: what limits a rate is whatever of them has no time left.
import { readFileSync, readdirSync } from 'node:fs';

/** What has been used so far, in ms: of the process's main thread, of its other threads (V8's helpers, libuv's pool), of each core. */
export function usedSoFar(pid) {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  const [main, others] = [threads.filter((id) => id === pid), threads.filter((id) => id !== pid)].map((ids) => sum(ids.map((id) => threadMs(pid, id))));
  return { at: performance.now(), main, others, cores: coresMs() };
}

/** Between two of them: shares of the time that passed, 0 to 1. */
export function busyBetween(before, after) {
  const share = (from, to) => (to - from) / (after.at - before.at);
  return {
    main: share(before.main, after.main), others: share(before.others, after.others),
    cores: after.cores.map((ms, core) => share(before.cores[core], ms)),
  };
}

export const percents = (...shares) => shares.map((share) => `${Math.round(100 * share)} %`).join(' + ');

function threadMs(pid, id) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

/** In ticks of 10 ms: user, nice, system, interrupts and what the hypervisor took; not idle, not waiting for a disk. */
function coresMs() {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n').filter((line) => /^cpu\d/.test(line));
  return lines.map((line) => line.split(/\s+/).slice(1).map(Number)).map(([user, nice, system, , , irq, softirq, steal]) => 10 * (user + nice + system + irq + softirq + steal));
}

function sum(numbers) {
  return numbers.reduce((all, n) => all + n, 0);
}
