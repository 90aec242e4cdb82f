/** What is paced leaves at most this much after its instant. */
export const PACE_SLACK_MS = 2_000;

/** Between the instants of a pace of so many a minute: evenly, and so far apart that with the slack there are at most so many in any 60 s. */
export function paceSpacingMs(perMinute: number): number {
  return (60_000 + PACE_SLACK_MS) / perMinute;
}
