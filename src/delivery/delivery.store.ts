import type { CampaignDefinition } from '../campaigns/index.js';
import { sqlFile } from '../platform/database/index.js';
import type { Claimable } from './claim-check.js';

export interface Lease {
  id: string;
  fence: number;
  campaignId: string;
  runId: string;
  month: string;
  channel: 'push' | 'email';
  lane: number;
}

export interface ChunkCampaign {
  campaignId: string;
  name: string;
  definition: CampaignDefinition;
  topicKey: string | null;
  kind: 'regular' | 'test';
  variants: Array<{ variant: number; templateId: string; version: number }>;
}

export interface Settlement {
  month: string;
  /** Arrays as Postgres reads them: the driver would quote and escape every item. */
  userIds: string;
  ids: string;
  states: string;
  reasons: string;
  freeAts: Array<Date | null>;
  now: Date | null;
}

export interface SliceSettlement extends Settlement {
  sliceId: string;
  deadUserIds: string[];
  deadTokens: string[];
}

/** Of the slice as a whole: stands in its first row alone. */
export interface ClaimOfSlice {
  sliceId: string;
  now: Date;
  policyVersion: number;
}

const here = import.meta.url;

export const leaseChunk = sqlFile<{ owner: string; leaseMs: number; lane: number | null; now: Date | null }, Lease>(here, './sql/lease-chunk.sql');
export const renewChunk = sqlFile<{ chunkId: string; fence: number; leaseMs: number }, { id: string }>(here, './sql/renew-chunk.sql');
export const releaseChunk = sqlFile<{ chunkId: string; fence: number; restMs: number; now: Date | null }, { closed: boolean }>(here, './sql/release-chunk.sql');
export const readChunkCampaign = sqlFile<{ runId: string }, ChunkCampaign>(here, './sql/read-chunk-campaign.sql');
export const openSlice = sqlFile<
  { chunkId: string; month: string; campaignId: string; fence: number; size: number; leaseMs: number; now: Date | null },
  Claimable & (ClaimOfSlice | Record<keyof ClaimOfSlice, null>)
>(here, './sql/open-slice.sql');
export const trimSlice = sqlFile<{ sliceId: string; nextId: string; size: number }, { id: string }>(here, './sql/trim-slice.sql');
export const settleDeliveries = sqlFile<SliceSettlement, { closed: boolean; settled: number }>(here, './sql/settle-deliveries.sql');
export const requeueDeliveries = sqlFile<
  { month: string; chunkId: string; userIds: string[]; ids: string[]; counted: boolean[]; doubts: boolean[]; reasons: Array<string | null>; delayMs: number; now: Date | null },
  { id: string }
>(here, './sql/requeue-deliveries.sql');
export const reservePace = sqlFile<{ campaignId: string; size: number; spacingMs: number; leadMs: number }, { waitMs: number }>(here, './sql/reserve-pace.sql');
export const keepPace = sqlFile<{ campaignId: string; leadMs: number }, { restMs: number }>(here, './sql/keep-pace.sql');
export const reapSlices = sqlFile<{ now: Date | null }, { unknown: number; again: number; slices: number }>(here, './sql/reap-slices.sql');
export const closeCampaignsRows = sqlFile<{ now: Date | null }, { id: string }>(here, './sql/close-campaigns-rows.sql');
export const closeEmptyChunks = sqlFile<object, { id: string }>(here, './sql/close-empty-chunks.sql');
export const completeDeadRuns = sqlFile<{ now: Date | null }, { id: string }>(here, './sql/complete-dead-runs.sql');
