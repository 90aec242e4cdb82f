export { EventsModule } from './events.module.js';
export { IngestHooks, type AcceptedEvent, type IngestHook } from './ingest-hooks.js';
