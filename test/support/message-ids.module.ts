import { Global, Module } from '@nestjs/common';
import { Installation } from '../../src/platform/auth/index.js';
import { MessageIds } from '../../src/planning/message-id.js';

/** The ledger's ids alone, for tests of rooms that need no planner. */
@Global()
@Module({
  providers: [{ provide: MessageIds, inject: [Installation], useFactory: (i: Installation) => new MessageIds(i.key('message-id')) }],
  exports: [MessageIds],
})
export class MessageIdsModule {}
