import { createHmac } from 'node:crypto';
import { send } from './client.mjs';
import { reactToMail, reactToPush } from './behaviour.mjs';
import { readMail } from './mail.mjs';
import { inParallel } from './pool.mjs';

const WIDTH = 12;
/** A tap within the first second after sending is a machine's to the server, and rightly. */
const SETTLE_MS = 1_500;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) RapportDemo/1.0';

/**
 * The people behind the gateways: what reached them waits in their pockets until `react` lets them look.
 * Facts are kept by campaign, as the other side of what the server will report.
 */
export class Readers {
  #pushes = new Map();
  #mails = [];
  #owners = new Map();
  #spans = new Map();
  /** Messages that the providers' stand-ins took, a message once however many devices. */
  received = 0;
  /** Campaign id → what its people did: sets of message ids. */
  facts = new Map();
  /** Campaign id → users who will buy because of it. */
  buyers = new Map();

  /**
   * @param {{api: import('./client.mjs').Api, people: object[], userTokenSecret: string, uniform: () => number, mailCampaign: () => string}} given
   *   `api` with an app key; `mailCampaign`: id of the one mail campaign, which a mail does not name
   */
  constructor({ api, people, userTokenSecret, uniform, mailCampaign }) {
    Object.assign(this, { api, userTokenSecret, uniform, mailCampaign });
    for (const { userId, devices, email } of people) {
      for (const { token } of devices) this.#owners.set(token, userId);
      // An address of two people: the mail went to one of them, and nobody outside can say to whom.
      if (email) this.#owners.set(email, this.#owners.has(email) ? undefined : userId);
    }
  }

  /** What the gateways took. */
  receive(messages) {
    for (const message of messages) {
      this.#clock(message);
      if (message.channel === 'email') this.#mails.push(message);
      else this.#takePush(message.message);
    }
    this.received = this.#pushes.size + this.#mails.length;
  }

  /** How long the providers saw messages of each channel come in. @returns {Array<{channel: string, n: number, seconds: number}>} */
  get spans() {
    return [...this.#spans].map(([channel, { n, first, last }]) => ({ channel, n, seconds: (last - first) / 1000 }));
  }

  #clock({ channel, at }) {
    const ms = Date.parse(at);
    const span = this.#spans.get(channel) ?? { n: 0, first: ms, last: ms };
    this.#spans.set(channel, { n: span.n + 1, first: Math.min(span.first, ms), last: Math.max(span.last, ms) });
  }

  #takePush({ token, data }) {
    const { messageId, campaignId } = data;
    this.#pushes.set(messageId, { messageId, campaignId, userId: this.#owners.get(token) });
  }

  /** Who got what; `userId` is undefined where two people share the address. */
  get contacts() {
    const mails = this.#mails.map(({ to }) => ({ campaignId: this.mailCampaign(), userId: this.#owners.get(to[0]), channel: 'email' }));
    return [...[...this.#pushes.values()].map(({ campaignId, userId }) => ({ campaignId, userId, channel: 'push' })), ...mails];
  }

  /** Everybody looks at what they got. @param {(n: number) => void} advance called for each message dealt with */
  async react(advance) {
    const began = performance.now();
    await inParallel(this.#pushes.values(), WIDTH, async (push) => {
      await this.#reactToPush(push);
      advance(1);
    });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, SETTLE_MS - (performance.now() - began))));
    await inParallel(this.#mails, WIDTH, async (mail) => {
      await this.#reactToMail(mail);
      advance(1);
    });
  }

  async #reactToPush({ messageId, campaignId, userId }) {
    const { delivered, action, buys } = reactToPush(this.uniform);
    if (delivered) await this.#report(campaignId, messageId, 'delivered');
    if (action === 'opened' || action === 'dismissed') await this.#report(campaignId, messageId, action);
    if (action === 'optedOut') await this.#optOut(campaignId, messageId, userId);
    if (buys) this.#willBuy(campaignId, userId);
  }

  async #report(campaignId, messageId, type) {
    await this.api.post(`/v1/messages/${messageId}/events`, { type, occurredAt: new Date().toISOString() });
    this.#note(campaignId, type, messageId);
  }

  async #optOut(campaignId, messageId, userId) {
    const wish = { channel: 'push', topic: 'offers', state: 'unsubscribed', source: 'app', messageId };
    await this.api.put(`/v1/users/${encodeURIComponent(userId)}/subscriptions`, wish, { 'x-user-token': this.#userToken(userId) });
    this.#note(campaignId, 'optedOut', messageId);
  }

  async #reactToMail(mail) {
    const campaignId = this.mailCampaign();
    const { opens, clicks, optsOut, buys } = reactToMail(this.uniform);
    const { pixel, links, unsubscribe } = readMail(mail);
    if (opens && pixel) await this.#visit('GET', pixel, 200);
    if (opens && pixel) this.#note(campaignId, 'opened', mail.id);
    if (clicks && links[0]) await this.#visit('GET', links[0], 302);
    if (clicks && links[0]) this.#note(campaignId, 'clicked', mail.id);
    if (optsOut && unsubscribe) await this.#visit('POST', unsubscribe, 200, 'List-Unsubscribe=One-Click');
    if (optsOut && unsubscribe) this.#note(campaignId, 'optedOut', mail.id);
    const userId = this.#owners.get(mail.to[0]);
    if (buys && userId !== undefined) this.#willBuy(campaignId, userId);
  }

  /** As a mail program or a browser does; a redirect is not followed, the shop behind it does not exist. */
  async #visit(method, url, expected, body) {
    const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const { status } = await send(method, new URL(url), { headers: { 'user-agent': AGENT, ...type }, body });
    if (status !== expected) throw new Error(`${method} ${url} answered ${status}, not ${expected}`);
  }

  /** As the shop's backend would mint it for its app. */
  #userToken(userId) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: userId, exp: Math.floor(Date.now() / 1000) + 600 })}`;
    return `${signed}.${createHmac('sha256', this.userTokenSecret).update(signed).digest('base64url')}`;
  }

  #note(campaignId, fact, messageId) {
    const facts = this.facts.get(campaignId) ?? {};
    (facts[fact] ??= new Set()).add(messageId);
    this.facts.set(campaignId, facts);
  }

  #willBuy(campaignId, userId) {
    const users = this.buyers.get(campaignId) ?? new Set();
    this.buyers.set(campaignId, users.add(userId));
  }
}
