import { DAY_MS } from './instants.mjs';
import { DEFAULT_ZONE, ZONES } from './zones.mjs';

/** What the simulated people are like; shares. */
export const PEOPLE = {
  email: 0.7,
  /** Of those with an address: it is somebody else's too, it bounces, it is on the suppression list. */
  sharedAddress: 0.006,
  bouncing: 0.005,
  suppressed: 0.004,
  device: 0.85,
  secondDevice: 0.08,
  /** Of the devices: notifications forbidden, not seen for long, gone at FCM, answer of FCM lost on the way. */
  denied: 0.08,
  stale: 0.09,
  dead: 0.008,
  lost: 0.001,
  optedOutOfPush: 0.02,
  optedOutOfMail: 0.02,
  staff: 0.006,
  withoutFirstName: 0.01,
};
const PLATFORMS = [['android', 0.5], ['ios', 0.35], ['web', 0.15]];
const PLANS = [['free', 0.7], ['plus', 0.22], ['pro', 0.08]];
const FIRST_NAMES = ['Ada', 'Ben', 'Carla', 'Deniz', 'Emil', 'Fatma', 'Greta', 'Hugo', 'Ida', 'Jonas', 'Kenji', 'Lena', 'Mats', 'Noor', 'Olga', 'Paul'];

/**
 * A profile for each customer, as `POST /v1/users/batch` takes it, and who stands on the suppression list.
 * @param {import('./shop.mjs').Customer[]} customers
 * @param {{seed: number, now: number}} input
 * @param {object} math samplers of src/scoring/math
 */
export function makePeople(customers, { seed, now }, math) {
  // A stream of its own: the shop stays the same whatever is asked about its people.
  const uniform = math.seededUniform(seed ^ 0x5eed);
  const suppressed = [];
  let previousAddress;
  const people = customers.map((customer, index) => {
    const person = profile(customer, index, now, uniform);
    if (uniform() < PEOPLE.email) {
      const shared = previousAddress !== undefined && uniform() < PEOPLE.sharedAddress;
      person.email = shared ? previousAddress : `${uniform() < PEOPLE.bouncing ? 'gw-550-' : ''}customer.${index + 1}@mail.example`;
      if (!shared && uniform() < PEOPLE.suppressed) suppressed.push(person.email);
      previousAddress = person.email;
    }
    return person;
  });
  return { people, suppressed };
}

function profile({ userId, createdAt }, index, now, uniform) {
  const zone = pick(ZONES, uniform());
  const german = zone === 'Europe/Berlin' ? uniform() < 0.85 : uniform() < 0.02;
  const devices = uniform() < PEOPLE.device ? [device(index, 0, now, uniform)] : [];
  if (devices.length > 0 && uniform() < PEOPLE.secondDevice) devices.push(device(index, 1, now, uniform));
  return {
    userId,
    ...(zone === undefined ? {} : { timezone: zone }),
    locale: german ? 'de' : 'en',
    createdAt: new Date(Math.min(createdAt, now)).toISOString(),
    attributes: attributes(uniform),
    devices,
    subscriptions: optOuts(uniform),
  };
}

function attributes(uniform) {
  const given = {
    plan: pick(PLANS, uniform()) ?? 'free',
    // For samples of a segment: a hundredth of the people each.
    cohort: Math.floor(uniform() * 100),
    firstName: FIRST_NAMES[Math.floor(uniform() * FIRST_NAMES.length)],
  };
  if (uniform() < PEOPLE.withoutFirstName) delete given.firstName;
  if (uniform() < PEOPLE.staff) given.staff = true;
  return given;
}

function device(index, number, now, uniform) {
  const platform = pick(PLATFORMS, uniform()) ?? 'web';
  // The gateway plays what the prefix says: 404 is FCM's UNREGISTERED, reset takes the message and loses the answer.
  const fate = uniform();
  const prefix = fate < PEOPLE.dead ? 'gw-404-' : fate < PEOPLE.dead + PEOPLE.lost ? 'gw-reset-' : 'demo-';
  const days = uniform() < PEOPLE.stale ? 45 + uniform() * 200 : 0.1 + uniform() * 20;
  return {
    token: `${prefix}${platform}-${index + 1}-${number + 1}`,
    platform,
    appVersion: uniform() < 0.7 ? '4.2.0' : '4.1.3',
    permission: uniform() < PEOPLE.denied ? 'denied' : 'granted',
    lastSeenAt: new Date(now - days * DAY_MS).toISOString(),
  };
}

function optOuts(uniform) {
  const subscriptions = [];
  if (uniform() < PEOPLE.optedOutOfPush) subscriptions.push({ channel: 'push', topic: 'offers', state: 'unsubscribed' });
  if (uniform() < PEOPLE.optedOutOfMail) subscriptions.push({ channel: 'email', state: 'unsubscribed' });
  return subscriptions;
}

/** The value under which a uniform number falls; undefined for the rest that the shares leave. */
function pick(shares, u) {
  let sum = 0;
  for (const [value, share] of shares) {
    sum += share;
    if (u < sum) return value;
  }
  return undefined;
}

/** How many people live by each zone, with those without one in the default. */
export function countByZone(people) {
  const counts = new Map();
  for (const { timezone = DEFAULT_ZONE } of people) counts.set(timezone, (counts.get(timezone) ?? 0) + 1);
  return counts;
}
