export { EventIngest, type IngestResult } from './event-ingest.js';
export type { Alongside } from './event-store.js';
export { EventsModule } from './events.module.js';
export { IngestHooks, type AcceptedEvent, type IngestHook } from './ingest-hooks.js';
