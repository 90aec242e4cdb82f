import { Module } from '@nestjs/common';
import { Addresses } from './addresses.js';
import { Consent } from './consent.js';
import { DevicesController } from './devices.controller.js';
import { Devices } from './devices.js';
import { Erasure } from './erasure.js';
import { PersonExport } from './person-export.js';
import { Profiles } from './profiles.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { Subscriptions } from './subscriptions.service.js';
import { SuppressionsController } from './suppressions.controller.js';
import { Suppressions } from './suppressions.js';
import { TopicsController } from './topics.controller.js';
import { Topics } from './topics.js';
import { UserBatches } from './user-batches.js';
import { UsersController } from './users.controller.js';
import { Users } from './users.js';

@Module({
  controllers: [UsersController, DevicesController, SubscriptionsController, TopicsController, SuppressionsController],
  providers: [Users, UserBatches, Profiles, PersonExport, Erasure, Devices, Subscriptions, Consent, Addresses, Suppressions, Topics],
  exports: [Users, UserBatches, Consent, Addresses, Topics],
})
export class RecipientsModule {}
