/**
 * Milliseconds of CPU that this process has used. A bound on work is held to this and not to the wall clock, which also counts what
 * the other test processes do on the same cores.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
