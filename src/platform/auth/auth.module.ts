import { Global, Module } from '@nestjs/common';
import { ApiDatabase } from '../database/index.js';
import { Random } from '../random/index.js';
import { Installation } from './installation.js';
import { KeyRing } from './key-ring.js';
import { KeysController } from './keys.controller.js';
import { UserTokens } from './user-tokens.js';

@Global()
@Module({
  controllers: [KeysController],
  providers: [
    {
      // Loaded before anything may ask it for a key: Nest waits for async factories.
      provide: Installation,
      inject: [ApiDatabase, Random],
      useFactory: async (database: ApiDatabase, random: Random): Promise<Installation> => {
        const installation = new Installation(database, random);
        await installation.load();
        return installation;
      },
    },
    KeyRing,
    UserTokens,
  ],
  exports: [Installation, KeyRing, UserTokens],
})
export class AuthModule {}
