import { readFileSync } from 'node:fs';

/**
 * Calls `onDeath` once when the process that started us is gone (checked each second): npm killed by -9 passes no signal on.
 * npm starts scripts through a shell, and where that shell waits for us instead of becoming us, the shell's parent is
 * watched too.
 */
export function watchParent(onDeath) {
  const parent = process.ppid;
  const grandparent = isShell(parent) ? parentOf(parent) : undefined;
  const timer = setInterval(() => {
    const orphaned = process.ppid !== parent || (grandparent !== undefined && parentOf(parent) !== grandparent);
    if (!orphaned) return;
    clearInterval(timer);
    onDeath();
  }, 1000).unref();
}

function stat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no /proc: only the direct parent is watched
  }
}

function isShell(pid) {
  return /^\d+ \((sh|dash|bash|ash|busybox)\) /.test(stat(pid) ?? '');
}

function parentOf(pid) {
  const text = stat(pid);
  return text && Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
}
