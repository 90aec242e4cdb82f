/** Who is to be evaluated against which segment, and why: pure. */
import { causeOf, concerns, type Cause, type Mark } from './facets.js';

export interface Work {
  /** Each user once. */
  readonly users: readonly string[];
  /** One for each user. */
  readonly causes: readonly Cause[];
  /** Everybody may have turned, for this reason. */
  readonly everyone: Cause | undefined;
}

/**
 * What marks mean for segments. Segments that the same marks concern share one list: there are few kinds of them and many segments.
 */
export class WorkLists {
  private readonly shared = new Map<string, Work>();

  constructor(private readonly marks: readonly Mark[]) {}

  /** @param due users whom time may have turned */
  of(segment: { readonly id: string; readonly facets: ReadonlySet<string> }, due: readonly string[]): Work {
    const indices = this.marks.flatMap((mark, i) => (concerns(mark, segment) ? [i] : []));
    const signature = indices.join(' ');
    const marked = this.shared.get(signature) ?? gather(indices.map((i) => this.marks[i]!));
    this.shared.set(signature, marked);
    return due.length === 0 ? marked : withDue(marked, due);
  }
}

/** What a user did names the cause before their mere being new; an import names it only where nothing else happened. */
const RANK: Partial<Record<Cause, number>> = { imported: 0, profile: 1 };
const rankOf = (cause: Cause): number => RANK[cause] ?? 2;

function gather(marks: readonly Mark[]): Work {
  const whole = marks.filter(({ everyone }) => everyone).map(causeOf);
  const causes = new Map<string, Cause>();
  for (const mark of marks) {
    const cause = causeOf(mark);
    for (const user of mark.users) {
      const known = causes.get(user);
      if (known === undefined || rankOf(known) < rankOf(cause)) causes.set(user, cause);
    }
  }
  return { users: [...causes.keys()], causes: [...causes.values()], everyone: whole.find((cause) => cause !== 'imported') ?? whole[0] };
}

function withDue(marked: Work, due: readonly string[]): Work {
  const known = new Set(marked.users);
  const turned = due.filter((user) => !known.has(user));
  return { ...marked, users: [...marked.users, ...turned], causes: [...marked.causes, ...turned.map(() => 'time' as const)] };
}
