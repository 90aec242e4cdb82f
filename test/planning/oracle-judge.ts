import { assignmentBucket, holdoutBuckets, inHoldout } from '../../src/experiments/index.js';
import { decideUser, type Decision, type DueRow, type World } from '../../src/fatigue/index.js';
import { Installation } from '../../src/platform/auth/index.js';
import { worthPrices } from '../../src/planning/worth-parameters.js';
import { worthOf } from '../../src/scoring/index.js';
import { DEFAULT_SETTINGS } from '../../src/settings/index.js';
import { parseDuration } from '../../src/platform/time/index.js';
import type { TestApp } from '../support/test-app.js';
import { NOW, settledAt, type GeneratedWorld, type Person } from './generated-world.js';
import type { Placed } from './place-campaigns.js';
import type { LedgerRow } from './world-placer.js';

const DAY_MS = 86_400_000;
const durationMs = (text: string): number => parseDuration(text)!;

export interface Shown {
  campaignId: string;
  state: string;
  reason: string | null;
  cap: number | null;
  freeAt: string | null;
}

/** Holds the ledger to the pure oracle. */
export class OracleJudge {
  private readonly globalSalt: string;

  constructor(t: TestApp) {
    this.globalSalt = `global-holdout:${t.app.get(Installation).key('global-holdout').toString('hex')}`;
  }

  /** What the ledger says of one person and what the oracle does, campaign by campaign. */
  compare(world: GeneratedWorld, placed: readonly Placed[], rows: readonly LedgerRow[], i: number): { expected: Shown[]; actual: Shown[] } {
    const due = placed.filter(({ spec }) => spec.reserveIn === null);
    const own = rows.filter((ledgerRow) => ledgerRow.person === i);
    return { expected: this.expectation(world, world.people[i]!, i, [...placed]), actual: this.shown(own, own.length === due.length ? due : []) };
  }

  /** The net worth that stands beside each of one person's decisions, and what the pure function makes of it. */
  netWorths(world: GeneratedWorld, placed: readonly Placed[], rows: readonly LedgerRow[], i: number): Array<{ actual: number; expected: number }> {
    return rows.filter((ledgerRow) => ledgerRow.person === i).flatMap(({ campaignId, netWorth }) => (netWorth === null ? []
      : [{ actual: netWorth, expected: netWorthOf(world, world.people[i]!, placed.find((p) => p.campaignId === campaignId)!) }]));
  }

  /** Whether a campaign took the person's last slot from an older one of its priority, because it is worth more. */
  overtaken(placed: readonly Placed[], decided: readonly Shown[]): boolean {
    const priority = ({ campaignId }: Shown): number => placed.find((p) => p.campaignId === campaignId)!.spec.priority;
    return decided.some((winner) => winner.state === 'queued' && decided.some((older) => older.reason === 'outranked'
      && priority(older) === priority(winner) && BigInt(older.campaignId) < BigInt(winner.campaignId)));
  }

  expectation(world: GeneratedWorld, person: Person, i: number, placed: Placed[]): Shown[] {
    const clientId = `person-${i}`;
    const decisions = decideUser(this.oracleWorld(world, person, clientId, placed), durationMs);
    return this.shown(decisions.map((decision) => ({ ...row(decision), person: i })), placed.filter(({ spec }) => spec.reserveIn === null));
  }

  shown(rows: readonly LedgerRow[], placed: readonly Placed[]): Shown[] {
    return placed.map(({ campaignId }) => rows.find((r) => r.campaignId === campaignId)!)
      .map(({ campaignId, state, reason, cap, freeAt }) => ({ campaignId, state, reason, cap, freeAt: freeAt?.toISOString() ?? null }));
  }

  private oracleWorld(world: GeneratedWorld, person: Person, clientId: string, placed: Placed[]): World {
    return {
      t: NOW, policy: world.policy, consent: world.consent, staleDeviceAfterMs: 30 * DAY_MS,
      user: {
        zone: person.zone ?? 'UTC',
        globalHoldout: assignmentBucket(this.globalSalt, clientId) < holdoutBuckets(world.globalHoldout),
        address: person.address,
        devices: person.devices.map(({ permission, daysAgo }) => ({ permission, lastSeenAt: new Date(NOW.getTime() - daysAgo * DAY_MS) })),
        subscriptions: person.subscriptions,
        segments: new Set(person.inTier ? ['tier'] : []),
        unopened: { push: unopened(person, 'push'), email: unopened(person, 'email') },
        history: person.history.map((h, n) => ({ id: String(n), channel: h.channel, topic: h.topic, at: settledAt(h) ?? 'unsettled' as const })),
      },
      reservations: placed.flatMap(({ campaignId, spec: { channel, topic, priority, reserveIn, transactional, ignoreCaps } }) =>
        (reserveIn === null || reserveIn > 10_080 || transactional || ignoreCaps ? []
          : [{ campaignId, channel, topic, priority, dueAt: new Date(NOW.getTime() + reserveIn * 60_000) }])),
      rows: placed.filter(({ spec }) => spec.reserveIn === null).map(({ campaignId, salt, spec }): DueRow => ({
        campaignId, channel: spec.channel, topic: spec.topic, transactional: spec.transactional, ignoreCaps: spec.ignoreCaps,
        priority: spec.priority, worth: spec.worth,
        netWorth: spec.worth ? netWorthOf(world, person, { campaignId, salt, spec }) : 0, onFatigue: spec.onFatigue, expiresAt: new Date(NOW.getTime() + durationMs(spec.expiresAfter)),
        heldOut: !spec.transactional && inHoldout(`${salt}:holdout`, clientId, spec.holdout),
      })),
    };
  }
}

function row({ campaignId, outcome, reason, cap, freeAt }: Decision): Omit<LedgerRow, 'person'> {
  return { campaignId, state: outcome, reason, cap, freeAt, variant: 0, netWorth: null };
}

function netWorthOf(world: GeneratedWorld, person: Person, { campaignId, spec }: Placed): number {
  const inTier = person.inTier && spec.audience.include[0] === 'tier';
  const cell = world.model.cells.find(({ channel, segment }) => channel === spec.channel && segment === (inTier ? 'tier' : null))!;
  const { openValue, messageCost } = world;
  const settings = { ...DEFAULT_SETTINGS, openValue, messageCost: { push: messageCost, email: messageCost } };
  const heard = person.history.filter(({ channel, minutesAgo }) => channel === spec.channel && minutesAgo !== null);
  const own = spec.conversion.event === 'purchase' && person.scores && person.scores.purchases > 0 && person.scores.value !== null
    ? person.scores.value / person.scores.purchases : null;
  return worthOf(cell, worthPrices(campaignId, spec as never, settings, world.model), {
    messages: heard.length, opens: heard.filter(({ opened }) => opened).length, conversions: heard.filter(({ converted }) => converted).length,
    ownValue: own,
  }).netWorth;
}

/** Sent messages older than 24 h on the channel since the youngest that was opened. */
function unopened({ history }: Person, channel: 'push' | 'email'): number {
  const sent = history.filter((h) => h.channel === channel && h.minutesAgo !== null);
  const lastOpened = Math.min(...sent.filter((h) => h.opened).map((h) => h.minutesAgo!), Infinity);
  return sent.filter((h) => h.minutesAgo! >= 24 * 60 && h.minutesAgo! < lastOpened).length;
}
