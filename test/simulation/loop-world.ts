import { EMPTY_POLICY, decideUser, type CountedMessage, type DueRow, type FatiguePolicy } from '../../src/fatigue/index.js';
import {
  STATED_MODEL, fitWorthModel, patienceCurve, worthOf, type HoldoutArms, type PatienceCurve, type WorthHistory, type WorthModel,
} from '../../src/scoring/index.js';
import { seeded } from '../support/seeded.js';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-05T09:00:00Z');
const durationMs = (text: string): number => Number(/^P(?:T(\d+)H|(\d+)D)$/.exec(text)!.slice(1).map((n, i) => (Number(n ?? 0)) * (i === 0 ? 3_600_000 : DAY_MS)).reduce((a, b) => a + b));

/** What is true of the world and no policy is told. Rates a message or a day. */
export const TRUTH = {
  days: 60,
  /** Opt-out at a message ~ Beta, one draw a person: 1/80 on average. */
  optOut: { alpha: 1, beta: 79 },
  /** Conversion caused by an offer to somebody well rested; share of the people. */
  lifts: [{ share: 0.3, lift: 0.12 }, { share: 0.5, lift: 0.02 }, { share: 0.2, lift: 0 }],
  /** Conversion a day without any message. */
  base: 0.01,
  value: 40,
  /** Days until the effect of a message is (1 − 1/e) of a rested one's. */
  rest: 1,
} as const;

interface Campaign {
  readonly id: string;
  readonly priority: number;
  readonly every: number;
  /** Its lift against an offer's. */
  readonly strength: number;
}

/** A newsletter and a tip every day, an offer each third; the offer has the higher priority under every policy. */
export const CAMPAIGNS: readonly Campaign[] = [
  { id: '1', priority: 50, every: 1, strength: 0.05 }, { id: '2', priority: 50, every: 1, strength: 0.25 }, { id: '3', priority: 60, every: 3, strength: 1 },
];
const HOLDOUT = 0.2;

export interface Regime {
  readonly name: string;
  readonly policy: FatiguePolicy;
  readonly worth: boolean;
}

const CAPS: FatiguePolicy = {
  ...EMPTY_POLICY,
  caps: [
    { key: 'day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT20H' } },
    { key: 'week', channel: 'push', limit: 4, window: { type: 'rolling', duration: 'P7D' } },
  ],
};
export const REGIMES: readonly Regime[] = [
  { name: 'everybody gets everything', policy: EMPTY_POLICY, worth: false },
  { name: 'fixed caps', policy: CAPS, worth: false },
  { name: 'caps, adaptive cut and worth', policy: { ...CAPS, adaptive: { enabled: true, unopenedStreak: 8, factor: 0.5, floor: 1 } }, worth: true },
];

interface Person {
  readonly theta: number;
  readonly lift: number;
  readonly heldOut: ReadonlySet<string>;
  readonly draw: () => number;
  history: CountedMessage[];
  streak: number;
  lastSent: number;
  messages: number;
  opens: number;
  conversions: number;
  leftAt: number | null;
}

export interface Outcome {
  readonly regime: string;
  readonly people: number;
  readonly messages: number;
  readonly reachable: number;
  /** Value of the conversions that messages caused, known exactly because base conversions are drawn apart. */
  readonly incrementalRevenue: number;
  readonly model: WorthModel;
  readonly arms: readonly HoldoutArms[];
  /** Caused conversions a message, by campaign. */
  readonly trueIncrement: Readonly<Record<string, number>>;
}

/** Sixty days of one regime; the same seed gives every regime the same people. The decision is the oracle that the SQL is held to. */
export function simulate(regime: Regime, size: number, seed: number, campaigns: readonly Campaign[] = CAMPAIGNS): Outcome {
  const people = Array.from({ length: size }, (_, i) => born(seed * 100_003 + i));
  const tally = new Map(campaigns.map(({ id }) => [id, { sent: 0, caused: 0, seen: new Map<Person, { control: boolean; messages: number; conversions: number }>() }]));
  let model = STATED_MODEL;
  let curve = patienceCurve(model.cells[0]!.optOut);
  let caused = 0;
  for (let day = 0; day < TRUTH.days; day++) {
    if (regime.worth && day > 0 && day % 7 === 0) {
      model = fitted(people, armsOf(tally));
      curve = patienceCurve(model.cells[0]!.optOut);
    }
    const due = campaigns.filter(({ every }) => day % every === 0);
    for (const person of people) {
      const decisions = person.leftAt === null ? decide(regime, person, due, day, model, curve) : [];
      const bought = live(person, decisions, day, tally);
      caused += bought.caused;
      for (const { id, heldOut } of decisions) {
        const seen = tally.get(id)!.seen;
        const row = seen.get(person) ?? { control: heldOut, messages: 0, conversions: 0 };
        row.messages += heldOut ? 0 : 1;
        row.conversions += bought.all;
        seen.set(person, row);
      }
    }
  }
  return {
    regime: regime.name, people: size, messages: people.reduce((sum, { messages }) => sum + messages, 0),
    reachable: people.filter(({ leftAt }) => leftAt === null).length, incrementalRevenue: caused * TRUTH.value,
    model: fitted(people, armsOf(tally)), arms: armsOf(tally),
    trueIncrement: Object.fromEntries([...tally].map(([id, { sent, caused: n }]) => [id, n / sent])),
  };
}

interface Passed {
  readonly id: string;
  readonly heldOut: boolean;
}

function decide({ policy, worth }: Regime, person: Person, due: readonly Campaign[], day: number, model: WorthModel, curve: PatienceCurve): Passed[] {
  const t = new Date(START + day * DAY_MS);
  const rows = due.map(({ id, priority }): DueRow => ({
    campaignId: id, channel: 'push', topic: null, transactional: false, ignoreCaps: false, priority, onFatigue: 'drop',
    expiresAt: new Date(t.getTime() + DAY_MS), heldOut: person.heldOut.has(id), worth, netWorth: worth ? netWorth(person, id, model, curve) : 0,
  }));
  person.history = person.history.filter(({ at }) => at !== 'unsettled' && at.getTime() > t.getTime() - 8 * DAY_MS);
  const decisions = decideUser({
    t, policy, consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfterMs: DAY_MS, rows,
    user: {
      zone: 'UTC', globalHoldout: false, address: 'none', devices: [{ permission: 'granted', lastSeenAt: t }], subscriptions: [],
      segments: new Set(), unopened: { push: person.streak, email: 0 }, history: person.history,
    },
  }, durationMs);
  return decisions.filter(({ outcome }) => outcome === 'queued' || outcome === 'held_out')
    .map(({ campaignId, outcome }) => ({ id: campaignId, heldOut: outcome === 'held_out' }));
}

function netWorth({ messages, opens, conversions }: Person, id: string, model: WorthModel, curve: PatienceCurve): number {
  const share = model.channels.push.share;
  const prices = {
    incrementality: (model.campaigns[id] ?? model.channels.push).share, value: TRUTH.value, margin: 1, openValue: 0, cost: 0,
    channel: { incrementality: share, value: TRUTH.value },
  };
  return worthOf(model.cells[0]!, prices, { messages, opens, conversions, ownValue: null }, curve).netWorth;
}

type Tally = Map<string, { sent: number; caused: number; seen: Map<Person, { control: boolean; messages: number; conversions: number }> }>;

/** The day of one person: what arrives, what it causes, and whether it drives them away. */
function live(person: Person, decisions: readonly Passed[], day: number, tally: Tally): { caused: number; all: number } {
  let caused = 0;
  let credited = false;
  for (const [n, { id, heldOut }] of decisions.entries()) {
    const [opened, converted, left] = [person.draw(), person.draw(), person.draw()];
    if (heldOut || person.leftAt !== null) continue;
    const now = day + n / 24;
    const rested = 1 - Math.exp(-(now - person.lastSent) / TRUTH.rest);
    const { strength } = CAMPAIGNS.find((campaign) => campaign.id === id)!;
    const hit = converted < person.lift * strength * rested;
    person.lastSent = now;
    person.messages++;
    person.history.push({ id: `${day}-${id}`, channel: 'push', topic: null, at: new Date(START + now * DAY_MS) });
    const open = hit || opened < 0.05 + person.lift;
    person.opens += open ? 1 : 0;
    person.streak = open ? 0 : person.streak + 1;
    const counts = tally.get(id)!;
    counts.sent++;
    if (hit) {
      caused++;
      counts.caused++;
      person.conversions++;
      credited = true;
    }
    if (left < person.theta) person.leftAt = person.messages;
  }
  const base = person.draw() < TRUTH.base ? 1 : 0;
  // Attribution cannot tell: what would have happened anyway is credited to the last message of the day too.
  if (base && !credited && decisions.some(({ heldOut }) => !heldOut) && person.messages > 0) person.conversions++;
  return { caused, all: caused + base };
}

function armsOf(tally: Tally): HoldoutArms[] {
  return [...tally].map(([campaignId, { seen }]) => {
    const rows = [...seen.values()];
    const sum = (control: boolean, of: (row: { messages: number; conversions: number }) => number): number =>
      rows.filter((row) => row.control === control).reduce((total, row) => total + of(row), 0);
    return {
      campaignId, channel: 'push' as const, messages: sum(false, (row) => row.messages), treated: sum(false, () => 1),
      treatedConversions: sum(false, (row) => row.conversions), treatedSquares: sum(false, (row) => row.conversions ** 2), control: sum(true, () => 1),
      controlConversions: sum(true, (row) => row.conversions), controlSquares: sum(true, (row) => row.conversions ** 2),
    };
  });
}

function fitted(people: readonly Person[], arms: readonly HoldoutArms[]): WorthModel {
  const histories = people.filter(({ messages }) => messages > 0).map(({ messages, opens, conversions, leftAt }): WorthHistory =>
    ({ channel: 'push', segment: null, messages, opens, conversions: Math.min(conversions, messages), leftAt, weight: 1 }));
  return fitWorthModel(histories, arms, { purchase: TRUTH.value }, { push: TRUTH.value, email: null });
}

function born(seed: number): Person {
  const draw = generator(seed);
  // Beta(1, b) by its inverse: 1 − (1−u)^(1/b).
  const theta = 1 - (1 - draw()) ** (1 / TRUTH.optOut.beta);
  let rank = draw();
  const lift = TRUTH.lifts.find(({ share }) => (rank -= share) < 0)?.lift ?? 0;
  const heldOut = new Set(CAMPAIGNS.filter(() => draw() < HOLDOUT).map(({ id }) => id));
  return { theta, lift, heldOut, draw, history: [], streak: 0, lastSent: -30, messages: 0, opens: 0, conversions: 0, leftAt: null };
}

/** Neighbouring seeds far apart. */
function generator(seed: number): () => number {
  return seeded(seed * 2_654_435_761);
}
