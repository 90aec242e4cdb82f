import { Global, Module } from '@nestjs/common';
import { Installation } from './installation.js';
import { KeyRing } from './key-ring.js';
import { KeysController } from './keys.controller.js';
import { UserTokens } from './user-tokens.js';

@Global()
@Module({
  controllers: [KeysController],
  providers: [
    // Loaded before anything may ask it for a key: Nest waits for async factories.
    Installation,
    KeyRing,
    UserTokens,
  ],
  exports: [Installation, KeyRing, UserTokens],
})
export class AuthModule {}
