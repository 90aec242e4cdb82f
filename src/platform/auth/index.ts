export { AuthModule } from './auth.module.js';
export { CurrentCaller, SCOPES, requireOwnUser, type Caller, type Scope } from './caller.js';
export { Installation } from './installation.js';
export { KeyRing } from './key-ring.js';
export { Public, Scopes, ScopesGuard } from './scopes.guard.js';
export { UserTokens } from './user-tokens.js';
