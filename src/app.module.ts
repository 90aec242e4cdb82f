import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { PlatformModule, type PlatformOptions } from './platform/platform.module.js';

/** Every room of the house, along the data's way. */
const ROOMS: Type[] = [];

export interface AppOptions extends PlatformOptions {
  /** Only these rooms: for tests of one module. Default: all. */
  rooms?: Array<Type | DynamicModule>;
}

@Module({})
export class AppModule {
  static with(options: AppOptions): DynamicModule {
    return { module: AppModule, imports: [PlatformModule.with(options), ...(options.rooms ?? ROOMS)] };
  }
}
