import type { SegmentRow } from './segment-store.js';

/** A segment as the API shows it. */
export interface SegmentView {
  key: string;
  name: string;
  static: boolean;
  builtIn: boolean;
  /** Null for a static and for the built-in segment. */
  rule: unknown;
  size: number;
  computedAt: Date | null;
  /** Milliseconds that the last build took; null for a static segment. */
  buildMs: number | null;
  /** Milliseconds since the membership was computed; a static list is never behind. */
  lagMs: number;
  createdAt: Date | null;
  updatedAt: Date | null;
}

export function segmentView(row: SegmentRow, now: Date): SegmentView {
  const { key, name, static: isStatic, rule, computedAt, buildMs, createdAt, updatedAt } = row;
  const lagMs = isStatic || !computedAt ? 0 : Math.max(0, now.getTime() - computedAt.getTime());
  return { key, name, static: isStatic, builtIn: false, rule, size: Number(row.size ?? 0), computedAt, buildMs, lagMs, createdAt, updatedAt };
}

export function everyoneView(size: number, now: Date): SegmentView {
  return {
    key: 'everyone', name: 'Everyone', static: false, builtIn: true, rule: null, size,
    computedAt: now, buildMs: null, lagMs: 0, createdAt: null, updatedAt: null,
  };
}
