/** What a template can speak of. Absent or null values fail the rendering only where a template prints them. */
export interface RenderContext {
  readonly user: RenderUser;
  readonly scores?: RenderScores | null;
  readonly campaign: {
    readonly id: string;
    readonly name: string;
    readonly topic?: string | null;
    readonly variant?: string | null;
  };
  readonly event?: {
    readonly name: string;
    readonly occurredAt: Date | string;
    readonly value?: number | null;
    readonly currency?: string | null;
    readonly properties?: Readonly<Record<string, unknown>> | null;
  };
  /** Mail only. */
  readonly links?: { readonly unsubscribe: string; readonly preferences: string };
}

export interface RenderUser {
  readonly userId: string;
  readonly email?: string | null;
  /** The zone that counts for the person: the backend's, else the last-seen device's. */
  readonly timezone?: string | null;
  readonly locale?: string | null;
  readonly createdAt?: Date | string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** As `GET /v1/users/{userId}/scores` answers. */
export interface RenderScores {
  readonly rfm: { readonly recency: number; readonly frequency: number; readonly monetary: number; readonly group: string } | null;
  readonly value: { readonly probabilityAlive: number; readonly expectedPurchases90d: number; readonly expectedValue90d: number } | null;
  readonly engagement?: Readonly<Record<string, unknown>>;
  readonly asOf?: Date | string;
}

/** A person's row as the templates' own statements read it. */
export interface RenderUserRow {
  userId: string;
  email: string | null;
  timezone: string | null;
  locale: string | null;
  createdAt: Date;
  attributes: Record<string, unknown>;
  recency: number | null;
  frequency: number | null;
  monetary: number | null;
  rfmGroup: string | null;
  probabilityAlive: number | null;
  expectedPurchases90d: number | null;
  expectedValue90d: number | null;
  asOf: Date | null;
}

export function contextOfUser(row: RenderUserRow): Pick<RenderContext, 'user' | 'scores'> {
  const { userId, email, timezone, locale, createdAt, attributes, asOf } = row;
  const user: RenderUser = { userId, email, timezone, locale, createdAt, attributes };
  if (asOf === null) return { user, scores: null };
  return { user, scores: { rfm: rfmOf(row), value: valueOf(row), asOf } };
}

function rfmOf({ recency, frequency, monetary, rfmGroup }: RenderUserRow): RenderScores['rfm'] {
  return recency === null ? null : { recency, frequency: frequency!, monetary: monetary!, group: rfmGroup! };
}

function valueOf({ probabilityAlive, expectedPurchases90d, expectedValue90d }: RenderUserRow): RenderScores['value'] {
  if (probabilityAlive === null || expectedPurchases90d === null || expectedValue90d === null) return null;
  return { probabilityAlive, expectedPurchases90d, expectedValue90d };
}
