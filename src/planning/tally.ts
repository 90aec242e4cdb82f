import type { CampaignDefinition } from '../campaigns/index.js';
import { paceSpacingMs, parseDuration } from '../platform/time/index.js';

/** A group of verdicts of one wave and bucket. */
export interface VerdictCount {
  state: 'queued' | 'held_out' | 'deferred' | 'suppressed';
  reason: string | null;
  variant: number;
  messagesIn7d: number;
  n: number;
  freeFrom: Date | null;
  /** Sum over the group, in the settings' currency; 0 where worth is not asked for. */
  netWorth: number;
  displaced: number;
}

export interface Simulation {
  asOf: Date;
  audience: number;
  holdout: number;
  wouldSend: number;
  suppressed: Array<{ reason: string; count: number }>;
  deferred: Array<{ reason: string; count: number; until?: Date }>;
  displaced: Array<{ campaignId: string; count: number }>;
  byVariant: Array<{ key: string; wouldSend: number }>;
  /** Users of the audience by messages in seven days: index 0 none, 1 one, …; before and after the sends foretold. */
  messagesPerUser7d: { before: number[]; after: number[] };
  estimatedMinutes: number;
  /** Of a campaign with `worth`: what the sends are expected to bring net of the patience they cost, in the settings' currency; and the price of the budget, 0 while it is slack. */
  worth?: { expectedNet: number; notWorthIt: number; price: number };
}

const MINUTE_MS = 60_000;
/** Pushes a minute that one process sends on two cores without a throttle (bench/RESULTS.md); only for the estimate. */
const UNTHROTTLED_PER_MINUTE = 60_000;

/** Adds up the verdicts of all buckets. */
export class Tally {
  private readonly suppressed = new Map<string, number>();
  private readonly deferred = new Map<string, { count: number; until: Date }>();
  private readonly displaced = new Map<string, number>();
  private readonly variants: number[];
  private readonly before: number[] = [0];
  private readonly after: number[] = [0];
  private audience = 0;
  private holdout = 0;
  private expectedNet = 0;
  private requested = 0;

  constructor(
    private readonly definition: CampaignDefinition,
    private readonly asOf: Date,
    private readonly price = 0,
  ) {
    this.variants = definition.variants.map(() => 0);
  }

  /** Verdicts of the campaign that is simulated. */
  own(counts: readonly VerdictCount[]): void {
    for (const count of counts) {
      this.audience += count.n;
      add(this.before, count.messagesIn7d, count.n);
      add(this.after, count.messagesIn7d + (count.state === 'queued' ? 1 : 0), count.n);
      if (count.state === 'queued') {
        add(this.variants, count.variant, count.n);
        this.expectedNet += count.netWorth;
      }
      else if (count.state === 'held_out') this.holdout += count.n;
      else if (count.state === 'deferred') this.defer(count);
      else this.suppress(count.reason!, count.n);
    }
  }

  /** First requests of the campaign that is simulated: of a push one for each device. */
  requests(n: number): void {
    this.requested += n;
  }

  /** Verdicts of another campaign that is due with it. */
  other(campaignId: string, counts: readonly VerdictCount[]): void {
    const n = counts.reduce((sum, count) => sum + count.displaced, 0);
    if (n > 0) this.displaced.set(campaignId, (this.displaced.get(campaignId) ?? 0) + n);
  }

  result(): Simulation {
    const admitted = this.variants.reduce((sum, n) => sum + n, 0);
    const reachable = this.throttleReach();
    const late = this.requested <= reachable ? 0 : admitted - Math.floor((admitted * reachable) / this.requested);
    if (late > 0) this.suppress('expired', late);
    const kept = admitted === 0 ? 0 : (admitted - late) / admitted;
    return {
      asOf: this.asOf, audience: this.audience, holdout: this.holdout, wouldSend: admitted - late,
      suppressed: sorted(this.suppressed).map(([reason, count]) => ({ reason, count })),
      deferred: [...this.deferred].map(([reason, { count, until }]) => ({ reason, count, until })),
      displaced: sorted(this.displaced).map(([campaignId, count]) => ({ campaignId, count })),
      byVariant: this.definition.variants.map(({ key }, i) => ({ key, wouldSend: Math.round(this.variants[i]! * kept) })),
      messagesPerUser7d: { before: dense(this.before), after: dense(this.after) },
      ...(this.definition.worth ? { worth: { expectedNet: this.expectedNet * kept, notWorthIt: this.suppressed.get('not_worth_it') ?? 0, price: this.price } } : {}),
      estimatedMinutes: Math.round(this.minutes(admitted - late, Math.min(this.requested, reachable)) * 100) / 100,
    };
  }

  /** First requests that the throttle lets out before the campaign expires, the first of them at once. */
  private throttleReach(): number {
    const { throttlePerMinute, expiresAfter } = this.definition;
    if (throttlePerMinute === undefined) return Infinity;
    return Math.floor(parseDuration(expiresAfter)! / paceSpacingMs(throttlePerMinute)) + 1;
  }

  /** Until the last of the requests leaves. */
  private minutes(messages: number, requests: number): number {
    const { throttlePerMinute } = this.definition;
    const paced = throttlePerMinute === undefined ? 0 : (Math.max(0, requests - 1) * paceSpacingMs(throttlePerMinute)) / MINUTE_MS;
    return Math.max(paced, messages / UNTHROTTLED_PER_MINUTE);
  }

  private suppress(reason: string, n: number): void {
    this.suppressed.set(reason, (this.suppressed.get(reason) ?? 0) + n);
  }

  private defer({ reason, n, freeFrom }: VerdictCount): void {
    const known = this.deferred.get(reason!);
    const until = known && known.until < freeFrom! ? known.until : freeFrom!;
    this.deferred.set(reason!, { count: (known?.count ?? 0) + n, until });
  }
}

function add(counts: number[], index: number, n: number): void {
  counts[index] = (counts[index] ?? 0) + n;
}

function dense(counts: number[]): number[] {
  return Array.from(counts, (n) => n ?? 0);
}

function sorted(counts: Map<string, number>): Array<[string, number]> {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
