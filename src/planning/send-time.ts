import type { BestHourSchedule } from '../campaigns/index.js';
import { slotWalls } from '../campaigns/index.js';
import { quietAt, quietIntervals, type QuietHours } from '../fatigue/index.js';
import { instantOf, isZone } from '../platform/time/index.js';

/** Local hours of the week, 0 = Monday 00:00. */
export const SLOTS_OF_WEEK = 168;
/** One in ten learns: a random allowed hour, because only what was tried can be compared. */
export const EXPLORE_BUCKETS = 1_000;
/** Somebody's own best hour must promise 5 % more than the audience's, or it is noise: to tell 20 % from 24 % takes 1,680 sends a slot. */
export const GAIN_MARGIN = 1.05;
/** Prior weight, in messages, below which the beta-binomial fit is not believed. */
export const KAPPA_FLOOR = 20;

export interface SlotCount {
  readonly how: number;
  readonly sent: number;
  readonly answered: number;
}

/** What the hours of a bestHour run are chosen by. */
export interface SendTimes {
  /** Answer rate of the audience by local hour of the week. */
  readonly curve: readonly number[];
  readonly kappa: number;
  readonly asOf: Date;
}

export interface Slot {
  /** Which of the day's hours, from 0. */
  readonly ord: number;
  readonly how: number;
  readonly rate: number;
}

/** Answers for each message sent, smoothed over the neighbouring hours in a circle with (¼, ½, ¼); `fallback` where nothing was sent. */
export function smoothedRates(counts: readonly SlotCount[], fallback: number): number[] {
  const [sent, answered] = [new Array<number>(SLOTS_OF_WEEK).fill(0), new Array<number>(SLOTS_OF_WEEK).fill(0)];
  for (const count of counts) {
    sent[count.how] = count.sent;
    answered[count.how] = count.answered;
  }
  const around = (values: number[], i: number): number =>
    values[(i + SLOTS_OF_WEEK - 1) % SLOTS_OF_WEEK]! / 4 + values[i]! / 2 + values[(i + 1) % SLOTS_OF_WEEK]! / 4;
  return sent.map((_, i) => {
    const n = around(sent, i);
    return n > 0 ? around(answered, i) / n : fallback;
  });
}

/**
 * The audience's curve: its own rate of each hour, shrunk to everybody's by the weight kappa (science: r = (o + κ·r₀)/(n + κ)).
 * Without a message of its own it is everybody's; without any at all it is flat.
 */
export function audienceCurve(all: readonly SlotCount[], audience: readonly SlotCount[], kappa: number): number[] {
  const total = all.reduce((sum, { sent }) => sum + sent, 0);
  const mean = total === 0 ? 0 : all.reduce((sum, { answered }) => sum + answered, 0) / total;
  const everybody = smoothedRates(all, mean);
  const own = new Map(audience.map((count) => [count.how, count]));
  return everybody.map((rate, how) => shrunk(own.get(how), rate, kappa));
}

/** (o + κ·r) / (n + κ), written so that no message gives the prior `rate` to the last bit; ever more give the own rate. */
export function shrunk(count: SlotCount | undefined, rate: number, kappa: number): number {
  const [sent, answered] = [count?.sent ?? 0, count?.answered ?? 0];
  return rate + (answered - sent * rate) / (sent + kappa);
}

/**
 * The hours of the day that quiet hours leave open in the zone, with the audience's rates; all of them where none is left open
 * (then the gate decides). The default is the hour with the best rate, of equals the earliest.
 */
export function allowedSlots(schedule: BestHourSchedule, zone: string, { curve }: Pick<SendTimes, 'curve'>, quiet: readonly QuietHours[]): { slots: Slot[]; defaultSlot: number } {
  const all = slotWalls(schedule).map((wall, ord) => {
    const how = hourOfWeek(wall);
    return { ord, how, rate: curve[how] ?? 0, at: new Date(instantOf(zone, wall)) };
  });
  const open = all.filter(({ at }) => !quietAt(at, quietIntervals(quiet, zone, at, new Date(at.getTime() + 1))));
  const slots = (open.length > 0 ? open : all).map(({ ord, how, rate }) => ({ ord, how, rate }));
  return { slots, defaultSlot: slots.reduce((best, slot) => (slot.rate > best.rate ? slot : best)).ord };
}

/**
 * The hour of one user: a random one for those who explore, the own best one where it promises enough more than the default.
 * Twin: narrow-best-hour.part.sql.
 * @param bucket 0 to 9,999 by the hash of the user. @param own messages and answers of the user by local hour of the week.
 */
export function chooseSlot(slots: readonly Slot[], defaultSlot: number, own: readonly SlotCount[], kappa: number, bucket: number): number {
  if (bucket < EXPLORE_BUCKETS) return slots[bucket % slots.length]!.ord;
  const counts = new Map(own.map((count) => [count.how, count]));
  const rated = slots.map((slot) => ({ ord: slot.ord, rate: shrunk(counts.get(slot.how), slot.rate, kappa) }));
  const best = rated.reduce((a, b) => (b.rate > a.rate ? b : a));
  const plain = rated.find(({ ord }) => ord === defaultSlot)!;
  return best.rate > GAIN_MARGIN * plain.rate ? best.ord : defaultSlot;
}

/** @param wall local milliseconds. Day 0 of the epoch was a Thursday. */
export function hourOfWeek(wall: number): number {
  const day = Math.floor(wall / 86_400_000);
  return (((day + 3) % 7 + 7) % 7) * 24 + Math.floor((wall - day * 86_400_000) / 3_600_000);
}

/** The zone, or the default one where it is no zone: one broken zone stops nobody. */
export function zoneRules(zone: string, fallback: string): string {
  return isZone(zone) ? zone : fallback;
}
