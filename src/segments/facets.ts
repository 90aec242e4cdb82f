/** What a rule reads, in the words of the marks that whoever changes something leaves. */
import { conditionsOf, type KnownSegment } from './segment-compiler.js';
import type { EventCondition, Rule } from './rule/types.js';

/** What changed: as the triggers of the tables and the edits of segments write it. */
export type Facet = 'born' | 'gone' | 'user' | 'seen' | 'event' | 'message' | 'score' | 'priors' | 'device' | 'consent' | 'settings' | 'segment';

/** Why somebody entered or left; kept with each change. */
export type Cause =
  | 'created' | 'rule_edited' | 'imported' | 'evaluated' | 'reconciled' | 'time'
  | 'event' | 'profile' | 'message' | 'score' | 'reach' | 'settings' | 'segment';

/** A change of one kind, with everybody whom it touches. */
export interface Mark {
  readonly facet: Facet;
  /** Of an event its name, of a segment its key; null: any. */
  readonly name: string | null;
  /** Only for this segment. */
  readonly segmentId: string | null;
  readonly imported: boolean;
  readonly users: readonly string[];
  readonly everyone: boolean;
}

const CAUSES: Record<Facet, Cause> = {
  born: 'profile', gone: 'profile', user: 'profile', seen: 'profile', event: 'event', message: 'message', score: 'score', priors: 'score',
  device: 'reach', consent: 'reach', settings: 'settings', segment: 'segment',
};

/** A facet whose marks have the cause; of what an import brought, any. */
export function facetOf(cause: Cause): Facet {
  const found = (Object.keys(CAUSES) as Facet[]).find((facet) => facet !== 'born' && facet !== 'gone' && CAUSES[facet] === cause);
  return found ?? 'user';
}

/** What an import or the edit of a named segment brings is no entry of its own; a campaign must not take it for one. */
export function causeOf({ facet, imported, everyone }: Mark): Cause {
  if (imported) return 'imported';
  return facet === 'segment' && everyone ? 'rule_edited' : CAUSES[facet];
}

/** The facets that a segment's rule reads, as `event purchase`, `segment vip`, `user` and so on. */
export function facetsOf(key: string, segments: ReadonlyMap<string, KnownSegment>): ReadonlySet<string> {
  return new Set(['born', ...conditionsOf(key, { segments }).flatMap(facetsOfCondition)]);
}

/** Whether a mark may change the membership of a segment with these facets. */
export function concerns({ facet, name, segmentId }: Mark, segment: { readonly id: string; readonly facets: ReadonlySet<string> }): boolean {
  if (segmentId !== null) return segmentId === segment.id;
  if (facet !== 'event' && facet !== 'segment') return segment.facets.has(facet);
  return name === null ? [...segment.facets].some((read) => read.startsWith(`${facet} `)) : segment.facets.has(`${facet} ${name}`);
}

function facetsOfCondition(rule: Rule): string[] {
  switch (rule.kind) {
    case 'attribute':
      return ['user'];
    case 'field':
      return [rule.field === 'lastSeenAt' ? 'seen' : 'user'];
    case 'event':
      return [`event ${rule.event}`, ...(readsAmount(rule) ? ['settings'] : [])];
    case 'message':
      return ['message'];
    case 'score':
      return rule.score.startsWith('engagement.') ? ['message', 'priors'] : ['score'];
    case 'reachable':
      return ['consent', 'settings', rule.channel === 'push' ? 'device' : 'user'];
    case 'segment':
      return [`segment ${rule.key}`];
    default:
      return [];
  }
}

/** Which amounts count depends on the settings' currency. */
function readsAmount({ aggregate, of }: EventCondition): boolean {
  return of === 'value' && ['sum', 'average', 'min', 'max'].includes(aggregate);
}
