/** Topics, templates and segments of the demo: what a marketer would write. */

export const TOPICS = {
  offers: { name: { en: 'Offers', de: 'Angebote' }, listed: true },
  news: { name: { en: 'News', de: 'Neuigkeiten' }, listed: true },
};

const SHOP_URL = 'https://shop.example';

export const TEMPLATES = [
  {
    key: 'early-access', channel: 'push', defaultLocale: 'en', tags: ['demo'],
    content: {
      en: { title: 'Yours first', body: 'The new collection is open for you a day early.', deepLink: `${SHOP_URL}/new` },
      de: { title: 'Zuerst für dich', body: 'Die neue Kollektion ist für dich einen Tag früher offen.', deepLink: `${SHOP_URL}/new` },
    },
  },
  {
    // No default for the name: whoever has none is left out with the reason render_error, and never called "Hello ,".
    key: 'early-access-name', channel: 'push', defaultLocale: 'en', tags: ['demo'],
    content: {
      en: { title: '{{user.attributes.firstName}}, yours first', body: 'The new collection is open for you a day early.', deepLink: `${SHOP_URL}/new` },
      de: { title: '{{user.attributes.firstName}}, zuerst für dich', body: 'Die neue Kollektion ist für dich einen Tag früher offen.', deepLink: `${SHOP_URL}/new` },
    },
  },
  {
    key: 'weekend', channel: 'push', defaultLocale: 'en', tags: ['demo'],
    content: {
      en: { title: 'This weekend', body: 'Free delivery on everything until Sunday.', deepLink: `${SHOP_URL}/weekend` },
      de: { title: 'Dieses Wochenende', body: 'Bis Sonntag liefern wir alles kostenlos.', deepLink: `${SHOP_URL}/weekend` },
    },
  },
  {
    key: 'win-back', channel: 'email', defaultLocale: 'en', tags: ['demo'],
    content: {
      en: {
        subject: 'We have not seen you for a while{{#if user.attributes.firstName}}, {{user.attributes.firstName}}{{/if}}',
        preheader: 'What is new since your last order',
        html: `<p>Hello {{default user.attributes.firstName "there"}},</p><p>here is <a href="${SHOP_URL}/new?from=mail">what is new</a> since your last order.</p><p><a href="{{links.unsubscribe}}">Unsubscribe</a></p>`,
      },
      de: {
        subject: 'Lange nicht gesehen{{#if user.attributes.firstName}}, {{user.attributes.firstName}}{{/if}}',
        preheader: 'Was seit deiner letzten Bestellung neu ist',
        html: `<p>Hallo {{default user.attributes.firstName "du"}},</p><p>hier ist, <a href="${SHOP_URL}/new?from=mail">was neu ist</a> seit deiner letzten Bestellung.</p><p><a href="{{links.unsubscribe}}">Abbestellen</a></p>`,
      },
    },
  },
];

export const LAPSED_GROUPS = ['at_risk', 'cant_lose', 'hibernating'];
export const RECENT_GROUPS = ['new', 'promising', 'potential_loyalist'];
const REGULAR_DAYS = 180;
const NEW_DAYS = 60;
const DAY_MS = 86_400_000;

/**
 * The five segments. Windows are counted back from the log's last day and not from today, so that an old log selects as well,
 * and as fixed instants, so that nobody drifts over an edge between simulation and launch.
 * @param {{logEnd: number, old: boolean, spend: number}} log `spend`: what makes a regular, in the settings' currency
 * @returns {Array<{key: string, name: string, rule: object}>}
 */
export function segmentsFor({ logEnd, old, spend }) {
  const daysBefore = (days) => new Date(logEnd - days * DAY_MS).toISOString();
  const from = daysBefore(REGULAR_DAYS);
  return [
    { key: 'top-value', name: 'Top two fifths by money spent', rule: { score: 'rfm.monetary', op: 'gte', value: 4 } },
    { key: 'at-risk', name: 'Bought before, not lately', rule: { score: 'rfm.group', op: 'in', value: LAPSED_GROUPS } },
    {
      key: 'new',
      name: old ? 'Few purchases, the last of them lately' : `Joined in the last ${NEW_DAYS} days`,
      rule: old ? { score: 'rfm.group', op: 'in', value: RECENT_GROUPS } : { attribute: '$createdAt', op: 'after', value: daysBefore(NEW_DAYS) },
    },
    {
      key: 'regulars',
      name: `Two purchases and ${spend} spent in ${REGULAR_DAYS} days`,
      rule: {
        all: [
          { event: 'purchase', from, aggregate: 'count', op: 'gte', value: 2 },
          { event: 'purchase', from, aggregate: 'sum', of: 'value', op: 'gte', value: spend },
        ],
      },
    },
    { key: 'staff', name: 'Staff', rule: { attribute: 'staff', op: 'eq', value: true } },
  ];
}

/** The rule, held to `percent` hundredths of the people by their cohort. */
export function sampleOf(rule, percent) {
  return { all: [rule, { attribute: 'cohort', op: 'lt', value: percent }] };
}

/** @param {ReturnType<import('./zones.mjs').chooseQuietHours>} quiet */
export function policyFor(quiet) {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  return {
    caps: [
      { key: 'push-day', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT24H' } },
      { key: 'any-week', channel: 'any', limit: 3, window: { type: 'rolling', duration: 'P7D' } },
    ],
    minimumGap: [{ channel: 'push', duration: 'PT1H' }],
    quietHours: [{ channel: 'push', start: quiet.start, end: quiet.end, days }],
  };
}

const CONVERSION = { event: 'purchase', window: 'P3D', attribution: 'sent' };
export const HOLDOUT = 0.1;

/** The mail goes at once; the two pushes are due at the same instant, so that they meet in one decision. */
export function campaignsFor(schedule) {
  const common = { holdout: HOLDOUT, conversion: CONVERSION, tags: ['demo'] };
  return {
    mail: {
      ...common, name: 'Win back', channel: 'email', topic: 'news', priority: 50, template: 'win-back',
      audience: { include: ['at-risk'], exclude: ['staff'] }, schedule: { type: 'now' },
    },
    strong: {
      ...common, name: 'Early access', channel: 'push', topic: 'offers', priority: 80, onFatigue: 'drop',
      variants: [{ key: 'plain', template: 'early-access', weight: 1 }, { key: 'by-name', template: 'early-access-name', weight: 1 }],
      audience: { include: ['top-value'], exclude: ['staff'] }, schedule,
    },
    weak: {
      // The day's cap frees 24 hours after the other push: two days leave room to send then.
      ...common, name: 'Weekend', channel: 'push', topic: 'offers', priority: 40, onFatigue: 'defer', expiresAfter: 'P2D',
      template: 'weekend', audience: { include: ['regulars', 'new'], exclude: ['staff'] }, schedule,
    },
  };
}
