export { EventIngest, type Alongside, type IngestResult } from './event-ingest.js';
export { EventsModule } from './events.module.js';
export { IngestHooks, type AcceptedEvent, type IngestHook } from './ingest-hooks.js';
