/** A wish of one person. topic '' is the whole channel. */
export interface Wish {
  readonly channel: 'push' | 'email';
  readonly topic: string;
  readonly state: 'subscribed' | 'unsubscribed';
}

/** What is known of one person's wishes, and what holds where nothing was said. */
export interface PreferenceState {
  readonly wishes: readonly Wish[];
  readonly consent: { readonly push: 'optOut' | 'optIn'; readonly email: 'optOut' | 'optIn' };
}

/** The hidden field that lists the boxes of the form: an empty box is not sent, and a topic that was not shown was not refused. */
export const SHOWN = 'shown';
const CHANNELS = ['email', 'push'] as const;

/** The name of a box: `email`, or `email.promo` for a topic. */
export function fieldOf(channel: 'push' | 'email', topic: string): string {
  return topic === '' ? channel : `${channel}.${topic}`;
}

/**
 * Whether each box is ticked. A channel's box: what was said of it, else what the consent model presumes. A topic's: what was said
 * of it, else what holds for it without a word: under `optOut` yes, under `optIn` what its channel says. (A channel's
 * `unsubscribed` beats its topics when sending; their boxes show what comes back with the channel.)
 */
export function effectiveStates(state: PreferenceState, topics: readonly string[]): Map<string, boolean> {
  const states = new Map<string, boolean>();
  for (const channel of CHANNELS) {
    const whole = said(state, channel, '') ?? state.consent[channel] === 'optOut';
    states.set(fieldOf(channel, ''), whole);
    for (const topic of topics) states.set(fieldOf(channel, topic), said(state, channel, topic) ?? presumed(state, channel, whole));
  }
  return states;
}

/**
 * The wishes that make what holds equal to what a posted form shows; boxes that were not shown are left alone.
 * @returns undefined where the body is no such form.
 */
export function postedWishes(state: PreferenceState, topics: readonly string[], body: Record<string, unknown>): Wish[] | undefined {
  const shown = typeof body[SHOWN] === 'string' ? new Set(body[SHOWN].split(' ')) : undefined;
  if (!shown) return undefined;
  const before = effectiveStates(state, topics);
  return CHANNELS.flatMap((channel) => {
    const field = fieldOf(channel, '');
    const was = before.get(field)!;
    const is = shown.has(field) ? body[field] !== undefined : was;
    const baseline = (topic: string): boolean =>
      // Leaving a channel is no word on each of its topics: coming back must not find them all refused, or all granted.
      was && !is ? before.get(fieldOf(channel, topic))! : said(state, channel, topic) ?? presumed(state, channel, is);
    const own = was === is ? [] : [wishOf(channel, '', is)];
    return [...own, ...topics.flatMap((topic) => {
      const box = fieldOf(channel, topic);
      const ticked = body[box] !== undefined;
      return shown.has(box) && ticked !== baseline(topic) ? [wishOf(channel, topic, ticked)] : [];
    })];
  });
}

function said({ wishes }: PreferenceState, channel: string, topic: string): boolean | undefined {
  const wish = wishes.find((w) => w.channel === channel && w.topic === topic);
  return wish && wish.state === 'subscribed';
}

function presumed({ consent }: PreferenceState, channel: 'push' | 'email', whole: boolean): boolean {
  return consent[channel] === 'optOut' || whole;
}

function wishOf(channel: 'push' | 'email', topic: string, ticked: boolean): Wish {
  return { channel, topic, state: ticked ? 'subscribed' : 'unsubscribed' };
}
