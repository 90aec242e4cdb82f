import fc from 'fast-check';
import { effectiveStates, fieldOf, postedWishes, SHOWN, type PreferenceState } from './preferences.js';

const TOPICS = ['news', 'promo'];
const optOut: PreferenceState = { wishes: [], consent: { push: 'optOut', email: 'optOut' } };
const optIn: PreferenceState = { wishes: [], consent: { push: 'optIn', email: 'optIn' } };
const ALL = ['email', 'email.news', 'email.promo', 'push', 'push.news', 'push.promo'];
const form = (...ticked: string[]) => ({ [SHOWN]: ALL.join(' '), ...Object.fromEntries(ticked.map((field) => [field, 'on'])) });

describe('the preference page', () => {
  it('shows what holds: presumed under optOut, asked for under optIn, said before both', () => {
    expect([...effectiveStates(optOut, TOPICS)].filter(([, ticked]) => ticked).map(([field]) => field)).toEqual(ALL);
    expect([...effectiveStates(optIn, TOPICS).values()]).toEqual(ALL.map(() => false));
    const said: PreferenceState = { ...optOut, wishes: [{ channel: 'email', topic: 'promo', state: 'unsubscribed' }] };
    expect(effectiveStates(said, TOPICS).get('email.promo')).toBe(false);
  });

  it('writes down only what was changed', () => {
    expect(postedWishes(optOut, TOPICS, form(...ALL))).toEqual([]);
    expect(postedWishes(optOut, TOPICS, form(...ALL.filter((f) => f !== 'email.promo'))))
      .toEqual([{ channel: 'email', topic: 'promo', state: 'unsubscribed' }]);
    expect(postedWishes(optIn, TOPICS, form('push.news'))).toEqual([{ channel: 'push', topic: 'news', state: 'subscribed' }]);
  });

  it('leaving a channel says nothing on its topics', () => {
    expect(postedWishes(optOut, TOPICS, form(...ALL.filter((f) => f !== 'email')))).toEqual([{ channel: 'email', topic: '', state: 'unsubscribed' }]);
  });

  it('a channel taken up under optIn does not bring the topics that were left empty', () => {
    expect(postedWishes(optIn, TOPICS, form('email', 'email.news'))).toEqual([
      { channel: 'email', topic: '', state: 'subscribed' }, { channel: 'email', topic: 'promo', state: 'unsubscribed' },
    ]);
  });

  it('a topic that was not shown was not refused, and a body that is no such form changes nothing', () => {
    expect(postedWishes(optOut, TOPICS, { [SHOWN]: 'email push', email: 'on', push: 'on' })).toEqual([]);
    expect(postedWishes(optOut, TOPICS, {})).toBeUndefined();
    expect(postedWishes(optOut, TOPICS, { 'List-Unsubscribe': 'One-Click' })).toBeUndefined();
  });

  it('whatever is posted, the page shows it afterwards', () => {
    const wish = fc.record({ channel: fc.constantFrom('push' as const, 'email' as const), topic: fc.constantFrom('', ...TOPICS), state: fc.constantFrom('subscribed' as const, 'unsubscribed' as const) });
    const consent = fc.record({ push: fc.constantFrom('optIn' as const, 'optOut' as const), email: fc.constantFrom('optIn' as const, 'optOut' as const) });
    const wishes = fc.uniqueArray(wish, { selector: (w) => fieldOf(w.channel, w.topic) });
    fc.assert(fc.property(wishes, consent, fc.subarray(ALL), (said, model, ticked) => {
      const state = { wishes: said, consent: model };
      const posted = postedWishes(state, TOPICS, form(...ticked))!;
      const kept = said.filter((w) => !posted.some((p) => p.channel === w.channel && p.topic === w.topic));
      const after = effectiveStates({ wishes: [...kept, ...posted], consent: model }, TOPICS);
      for (const channel of ['email', 'push']) {
        expect(after.get(channel)).toBe(ticked.includes(channel));
        if (ticked.includes(channel)) for (const topic of TOPICS) expect(after.get(`${channel}.${topic}`)).toBe(ticked.includes(`${channel}.${topic}`));
      }
    }), { numRuns: 500 });
  });
});
