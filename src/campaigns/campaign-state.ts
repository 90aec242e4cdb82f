import type { CampaignStatus } from './campaign.js';

export type Verb = 'launch' | 'pause' | 'resume' | 'cancel' | 'complete' | 'reopen';

/**
 * Which verb is legal in which state, and where it leads: the whole life of a campaign. Two targets are two possibilities:
 * a launch goes to `scheduled` or straight to `running`, by when it is due; a resume goes back to where the pause came from.
 * A draft is deleted rather than cancelled; `cancelled` is final, and `completed` is but for a replayed dead letter.
 */
const TRANSITIONS: Record<CampaignStatus, Partial<Record<Verb, readonly CampaignStatus[]>>> = {
  draft: { launch: ['scheduled', 'running'] },
  scheduled: { pause: ['paused'], cancel: ['cancelled'] },
  running: { pause: ['paused'], cancel: ['cancelled'], complete: ['completed'] },
  paused: { resume: ['scheduled', 'running'], cancel: ['cancelled'] },
  completed: { reopen: ['running'] },
  cancelled: {},
};

/** States to which the verb may lead from `status`; empty where it is illegal. */
export function targets(status: CampaignStatus, verb: Verb): readonly CampaignStatus[] {
  return TRANSITIONS[status][verb] ?? [];
}

/** Why the verb is refused, or undefined where it is legal. */
export function refusal(status: CampaignStatus, verb: Verb): string | undefined {
  if (targets(status, verb).length > 0) return undefined;
  const states = Object.keys(TRANSITIONS).filter((from) => targets(from as CampaignStatus, verb).length > 0);
  return `A campaign that is ${status} cannot ${verb}; only one that is ${states.join(' or ')} can.`;
}
