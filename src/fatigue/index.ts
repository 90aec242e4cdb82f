export { calendarWindow, type TimeWindow } from './calendar-window.js';
export { effectiveLimits, firstHold, leastPassing, type FatigueQuestion, type Hold } from './fatigue-gates.js';
export { FatigueModule } from './fatigue.module.js';
export { FatiguePolicies, type PolicyVersion } from './fatigue-policies.js';
export {
  adaptiveLimit, capVerdict, countingWindow, minimumGapVerdict, type CapVerdict, type CountingWindow, type UsedSlot,
} from './frequency-cap.js';
export {
  EMPTY_POLICY, WEEKDAYS, capConcerns, onChannel, tierLimit,
  type Adaptive, type CalendarUnit, type CalendarWindow, type Cap, type FatiguePolicy, type MinimumGap, type PolicyChannel,
  type QuietHours, type RollingWindow, type Tier, type Weekday,
} from './policy.js';
export { quietAt, quietIntervals, type QuietInterval } from './quiet-hours.js';
export { compareRank, decideUser } from './ranking.js';
export type { CountedMessage, Decision, DueRow, GateReason, Reservation, UserState, World } from './world.js';
