import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { MayBeAbsent } from '../platform/http/index.js';
import { IsDuration, IsZone } from '../platform/time/index.js';
import type { BudgetWindow, ConsentModel } from './settings.js';

const CONSENT_MODELS: ConsentModel[] = ['optOut', 'optIn'];
const FINITE = { allowNaN: false, allowInfinity: false };
const MAX_COST = 1_000_000;

/**
 * The type of a nested field, deliberately not its class: class-transformer makes an "array" of the declared class for a JSON array and
 * takes any class with a field `push` for one, which ends in a 500.
 */
type PerChannel<T> = { push?: T; email?: T };

class ConsentPatch {
  @ApiProperty({ enum: CONSENT_MODELS, required: false })
  @MayBeAbsent() @IsIn(CONSENT_MODELS)
  push?: ConsentModel;

  @ApiProperty({ enum: CONSENT_MODELS, required: false })
  @MayBeAbsent() @IsIn(CONSENT_MODELS)
  email?: ConsentModel;
}

class MessageCostPatch {
  @ApiProperty({ minimum: 0, required: false })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(MAX_COST)
  push?: number;

  @ApiProperty({ minimum: 0, required: false })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(MAX_COST)
  email?: number;
}

const BUDGET_WINDOWS: BudgetWindow[] = ['day', 'week', 'month'];
const MAX_BUDGET = 1_000_000_000;
const CHANNEL_BUDGET = {
  type: 'integer', minimum: 0, maximum: MAX_BUDGET, nullable: true, required: false, description: 'absent or null: no budget on the channel',
} as const;

class MessageBudgetPatch {
  @ApiProperty(CHANNEL_BUDGET)
  @IsOptional() @IsInt() @Min(0) @Max(MAX_BUDGET)
  push?: number | null;

  @ApiProperty(CHANNEL_BUDGET)
  @IsOptional() @IsInt() @Min(0) @Max(MAX_BUDGET)
  email?: number | null;

  @ApiProperty({ enum: BUDGET_WINDOWS, default: 'day', required: false, description: 'calendar day, week or month of `defaultTimezone`' })
  @MayBeAbsent() @IsIn(BUDGET_WINDOWS)
  window?: BudgetWindow;
}

export class PatchSettings {
  @ApiProperty({ example: 'purchase', required: false })
  @MayBeAbsent() @IsString() @Length(1, 255)
  purchaseEvent?: string;

  @ApiProperty({ example: 'EUR', required: false })
  @MayBeAbsent() @Matches(/^[A-Z]{3}$/, { message: 'currency must be three capital letters of ISO 4217 such as EUR' })
  currency?: string;

  @ApiProperty({ example: 'UTC', required: false })
  @MayBeAbsent() @IsZone()
  defaultTimezone?: string;

  @ApiProperty({ type: ConsentPatch, required: false })
  @MayBeAbsent() @IsObject() @ValidateNested() @Type(() => ConsentPatch)
  consent?: PerChannel<ConsentModel>;

  @ApiProperty({ example: 'P30D', required: false })
  @MayBeAbsent() @IsDuration({ min: 1 })
  staleDeviceAfter?: string;

  @ApiProperty({ example: 'P400D', required: false, description: 'how long raw events are kept, at least a day; counts by day and event ids stay' })
  @MayBeAbsent() @IsDuration({ min: 86_400_000 })
  eventRetention?: string;

  @ApiProperty({ example: 'P400D', required: false, description: 'how long the terms of decisions by worth are kept, at least a day; the decisions stay' })
  @MayBeAbsent() @IsDuration({ min: 86_400_000 })
  worthRetention?: string;

  @ApiProperty({ minimum: 0, maximum: 1, required: false })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(1)
  globalHoldout?: number;

  @ApiProperty({ minimum: 0, maximum: 1, required: false })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(1)
  margin?: number;

  @ApiProperty({ type: MessageCostPatch, required: false })
  @MayBeAbsent() @IsObject() @ValidateNested() @Type(() => MessageCostPatch)
  messageCost?: PerChannel<number>;

  @ApiProperty({ minimum: 0, default: 0, required: false, description: 'What one open is worth beside the conversion it may lead to: a term of `worth`.' })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(MAX_COST)
  openValue?: number;

  @ApiProperty({
    minimum: 0, maximum: 1, default: 0.02, required: false,
    description: 'A running campaign whose opt-out rate is surely above this (always-valid 95 % bound) pauses itself. 1: never.',
  })
  @MayBeAbsent() @IsNumber(FINITE) @Min(0) @Max(1)
  optOutTolerance?: number;

  @ApiProperty({
    type: MessageBudgetPatch, required: false,
    description: 'How many marketing messages may be admitted in all in a window, replaced whole. Campaigns with `worth` then ask for more than '
      + 'the price at which the expected number meets it; what would exceed it is `budget_spent`.',
  })
  @MayBeAbsent() @IsObject() @ValidateNested() @Type(() => MessageBudgetPatch)
  messageBudget?: PerChannel<number | null> & { window?: BudgetWindow };
}
