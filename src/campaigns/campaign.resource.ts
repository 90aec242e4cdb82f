import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { CampaignStatus, Variant } from './campaign.js';
import type { CampaignRow } from './campaign-store.js';
import { CampaignBody, VariantBody } from './campaign.dto.js';

export const STATUSES: CampaignStatus[] = ['draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled'];

/** A campaign as it is answered: its definition with every default, and where it stands. */
export class CampaignResource extends OmitType(CampaignBody, ['template', 'variants']) {
  @ApiProperty({ example: '42' })
  id: string;

  @ApiProperty({ type: [VariantBody] })
  variants: readonly Variant[];

  @ApiProperty({ enum: STATUSES })
  status: CampaignStatus;

  @ApiProperty({ type: String, nullable: true, description: 'Why the engine paused it, where it did.' })
  statusReason: string | null;

  @ApiProperty({ type: Date, nullable: true, description: 'When its first occurrence is due.' })
  dueAt: Date | null;

  @ApiProperty() createdAt: Date;
  @ApiProperty() updatedAt: Date;
  @ApiProperty({ type: Date, nullable: true }) launchedAt: Date | null;
  @ApiProperty({ type: Date, nullable: true }) completedAt: Date | null;
}

export class CampaignPage {
  @ApiProperty({ type: [CampaignResource] }) data: CampaignResource[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class RunResource {
  @ApiProperty() id: string;
  @ApiProperty() scheduledFor: Date;
  @ApiProperty() expiresAt: Date;
  @ApiProperty({ type: Date, nullable: true }) completedAt: Date | null;
  @ApiProperty({ enum: ['scheduled', 'running', 'paused', 'completed', 'cancelled', 'expired'] }) status: string;
}

export class RunPage {
  @ApiProperty({ type: [RunResource] }) data: RunResource[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export function toResource(row: CampaignRow): CampaignResource {
  const { id, definition, status, statusReason, dueAt, createdAt, updatedAt, launchedAt, completedAt } = row;
  return { id, ...definition, status, statusReason, dueAt, createdAt, updatedAt, launchedAt, completedAt } as CampaignResource;
}
