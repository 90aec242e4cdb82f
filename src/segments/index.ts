export { Membership } from './membership.js';
export {
  EVERYONE, NOW, RuleTooLarge, SegmentCycle, UnknownSegment, type Predicate, type PredicateSettings, type Shape,
} from './segment-compiler.js';
export { SegmentMembers } from './segment-members.js';
export { SegmentPreview } from './segment-preview.js';
export { SegmentPredicates, bindNow, type Audience } from './segment-predicates.js';
export { parseRule, type ParsedRule, type Rule, type RuleError } from './segment-rule.js';
export { Segments } from './segments.js';
export { SegmentsModule } from './segments.module.js';
export { testValue, valueAt } from './oracle/comparison.js';
