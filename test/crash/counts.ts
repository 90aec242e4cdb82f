/** `RAPPORT_FAULT_COUNTS=nightly` runs ten times as many faults. */
const NIGHTLY = process.env.RAPPORT_FAULT_COUNTS === 'nightly';

/** How many faults of a kind a run makes: for a pull request, or at night. */
export function faults(pullRequest: number, nightly: number): number {
  return NIGHTLY ? nightly : pullRequest;
}
