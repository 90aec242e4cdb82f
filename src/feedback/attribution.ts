/**
 * Who gets the credit for a conversion: last touch within the campaign's window, one message at most (Rapport's contract;
 * ties as usual in last-touch models: clicked before opened before sent, then the later message, then the higher id).
 * The oracle of sql/credit-conversions.sql.
 */
export type Touch = 'sent' | 'opened' | 'clicked';

/** What a campaign counts as its success. */
export interface Goal {
  readonly campaignId: string;
  readonly event: string;
  readonly windowMs: number;
  readonly attribution: Touch;
}

/** A message of one user that left or may have left (sent or unknown). */
export interface TouchedMessage {
  readonly id: string;
  readonly campaignId: string;
  readonly sentAt: Date;
  readonly openedAt: Date | null;
  readonly clickedAt: Date | null;
}

export interface ConversionEvent {
  readonly name: string;
  readonly occurredAt: Date;
}

interface Candidate {
  readonly message: TouchedMessage;
  readonly at: number;
  readonly rank: number;
}

const RANKS: Record<Touch, number> = { sent: 0, opened: 1, clicked: 2 };

/**
 * The message that is credited with the event, of all messages of its user in any order.
 * A touch counts in `(t − window, t]`: at the very instant of the conversion it still does, a whole window before no longer.
 */
export function creditedMessage(
  event: ConversionEvent, messages: readonly TouchedMessage[], goals: readonly Goal[],
): TouchedMessage | undefined {
  let best: Candidate | undefined;
  for (const message of messages) {
    const goal = goals.find((g) => g.campaignId === message.campaignId && g.event === event.name);
    const candidate = goal && candidateOf(event, message, goal);
    if (candidate && (!best || beats(candidate, best))) best = candidate;
  }
  return best?.message;
}

function candidateOf(event: ConversionEvent, message: TouchedMessage, goal: Goal): Candidate | undefined {
  const touchedAt = { sent: message.sentAt, opened: message.openedAt, clicked: message.clickedAt }[goal.attribution];
  if (!touchedAt) return undefined;
  const age = event.occurredAt.getTime() - touchedAt.getTime();
  return age >= 0 && age < goal.windowMs ? { message, at: touchedAt.getTime(), rank: RANKS[goal.attribution] } : undefined;
}

function beats(one: Candidate, other: Candidate): boolean {
  if (one.at !== other.at) return one.at > other.at;
  if (one.rank !== other.rank) return one.rank > other.rank;
  const later = one.message.sentAt.getTime() - other.message.sentAt.getTime();
  return later !== 0 ? later > 0 : BigInt(one.message.id) > BigInt(other.message.id);
}
