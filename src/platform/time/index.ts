export { MAX_DURATION_MS, parseDuration } from './duration.js';
export { firstKeptMonth } from './months.js';
export { parseInstant } from './rfc3339.js';
export { FIRST_DAY, INSTANT_MESSAGE, LAST_DAY, IsDuration, IsInstant, IsZone, ZONE_MESSAGE, type DurationBounds } from './validators.js';
export { isZone } from './zone.js';
export { DAY_MS, constantOffsets, instantOf, offsetAt, type Span } from './wall-clock.js';
export { PACE_SLACK_MS, paceSpacingMs } from './pace.js';
