import { Module } from '@nestjs/common';
import { FatiguePolicies } from './fatigue-policies.js';
import { FatiguePolicyController } from './fatigue-policy.controller.js';

@Module({ controllers: [FatiguePolicyController], providers: [FatiguePolicies], exports: [FatiguePolicies] })
export class FatigueModule {}
