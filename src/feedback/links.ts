import { Injectable } from '@nestjs/common';
import { LinkPort, MessageIds, type MessageLinks, type MessageRef } from '../delivery/index.js';
import { Installation } from '../platform/auth/index.js';
import { Config } from '../platform/config/index.js';
import { addPixel, findHrefs, replaceHrefs } from './html-links.js';
import { LinkTokens, type LinkContent, type LinkPurpose } from './link-token.js';
import { TrackedLinks } from './tracked-links.js';

/** Makes the links of a message and reads the tokens that come back with them. */
@Injectable()
export class Links extends LinkPort {
  private readonly tokens: LinkTokens;
  private readonly base: string;

  constructor(
    config: Config,
    installation: Installation,
    ids: MessageIds,
    private readonly stored: TrackedLinks,
  ) {
    super();
    this.base = config.publicUrl;
    this.tokens = new LinkTokens(ids, linkSecrets(config.env, installation.key('links')));
  }

  forMessage(ref: MessageRef): MessageLinks & { readonly openPixel: string } {
    return {
      unsubscribe: `${this.base}/u/${this.tokens.make('unsubscribe', ref)}`,
      preferences: this.preferencesOf(ref),
      openPixel: `${this.base}/t/o/${this.tokens.make('open', ref)}.gif`,
    };
  }

  preferencesOf(ref: MessageRef): string {
    return `${this.base}/preferences/${this.tokens.make('preferences', ref)}`;
  }

  async trackHtml(html: string, ref: MessageRef): Promise<string> {
    const own = this.forMessage(ref);
    const hrefs = findHrefs(html);
    const targets = hrefs.map(({ url }) => (url === own.unsubscribe || url === own.preferences ? undefined : targetOf(url)));
    const ids = await this.stored.idsOf(targets.filter((url) => url !== undefined));
    let next = 0;
    const replacements = targets.map((url) => (url === undefined ? undefined : this.clickUrl(ref, ids[next++]!)));
    return addPixel(replaceHrefs(html, hrefs, replacements), own.openPixel);
  }

  read(purpose: LinkPurpose, token: string): LinkContent | undefined {
    return this.tokens.read(purpose, token);
  }

  private clickUrl(ref: MessageRef, linkId: string): string {
    return `${this.base}/t/c/${this.tokens.make('click', ref, linkId)}`;
  }
}

/**
 * The one to sign with first: LINK_SECRET, else the database's own. All others still open what they signed, because an unsubscribe
 * link never expires: the earlier ones, and the database's own, which signed until LINK_SECRET was first set.
 */
function linkSecrets(env: Config['env'], derived: Buffer): [Buffer, ...Buffer[]] {
  const previous = env.LINK_SECRET_PREVIOUS?.trim().split(/\s+/) ?? [];
  const given = env.LINK_SECRET === undefined ? [] : [env.LINK_SECRET];
  const own = previous.map((secret) => Buffer.from(secret, 'utf8'));
  return given.length === 0 ? [derived, ...own] : [Buffer.from(given[0]!, 'utf8'), ...own, derived];
}

/** The URL to store: normalised, so that no line break or raw letter ever reaches a Location header. */
function targetOf(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).href;
}
