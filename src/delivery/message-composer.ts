import { Injectable } from '@nestjs/common';
import { MAX_PUSH_PAYLOAD_BYTES, fitsEverywhere, type OutgoingEmail, type OutgoingPush } from '../channels/index.js';
import { Clock } from '../platform/clock/index.js';
import { TemplateRenderer, type RenderContext, type RenderScores } from '../templates/index.js';
import type { ClaimedDelivery, Slice } from './claims.js';
import type { StoredScores } from './claim-check.js';
import { LinkPort } from './link-port.js';
import type { MessageRef } from '../planning/index.js';

export type PushOfDevice = Omit<OutgoingPush, 'token' | 'platform'>;

export type ComposedMessage =
  | { readonly ok: true; readonly channel: 'push'; readonly push: PushOfDevice }
  | { readonly ok: true; readonly channel: 'email'; readonly mail: OutgoingEmail };

/** One person's message out of the template: rendered, linked, addressed. */
@Injectable()
export class MessageComposer {
  constructor(
    private readonly renderer: TemplateRenderer,
    private readonly links: LinkPort,
    private readonly clock: Clock,
  ) {}

  /** To be waited for once before a slice is composed. */
  turn(): Promise<void> {
    return this.renderer.turn();
  }

  /** `ok: false` where this person cannot be rendered: a missing variable is a reason not to send, never "Hi ,". */
  async compose(slice: Slice, { row, messageId }: ClaimedDelivery): Promise<ComposedMessage | { ok: false; error: string }> {
    const { campaign, lease } = slice;
    const ref = { month: lease.month, userId: row.internalId, id: row.id };
    const variant = campaign.variants.find((v) => v.variant === row.variant);
    if (!variant) return { ok: false, error: `the run has no variant ${row.variant}` };
    const marketing = campaign.definition.class === 'marketing';
    const rendered = await this.renderer.render({
      templateId: variant.templateId, version: variant.version, marketing,
      locale: row.locale ?? row.deviceLocale, context: this.contextOf(slice, row, ref),
    });
    if (!rendered.ok) return rendered;
    if (rendered.channel === 'push') {
      const push = { messageId, campaignId: campaign.campaignId, content: rendered.content, expiresAt: new Date(row.expiresAt) };
      return fitsEverywhere(push, this.clock.now()) ? { ok: true, channel: 'push', push } : { ok: false, error: `the payload is larger than ${MAX_PUSH_PAYLOAD_BYTES} bytes` };
    }
    const html = await this.links.trackHtml(rendered.content.html, ref);
    const mail = { messageId, to: row.email!, content: { ...rendered.content, html } };
    const unsubscribe = marketing ? { listUnsubscribeUrl: this.links.forMessage(ref).unsubscribe } : {};
    return { ok: true, channel: 'email', mail: { ...mail, ...unsubscribe } };
  }

  private contextOf({ campaign, settings }: Slice, row: ClaimedDelivery['row'], ref: MessageRef): RenderContext {
    const { definition } = campaign;
    const mail = definition.channel === 'email' ? { links: this.links.forMessage(ref) } : {};
    return {
      user: {
        userId: row.userId!, email: row.email, timezone: row.timezone ?? row.deviceTimezone ?? settings.defaultTimezone,
        locale: row.locale ?? row.deviceLocale, createdAt: new Date(row.createdAt).toISOString(), attributes: row.attributes,
      },
      scores: scoresOf(row.scores),
      campaign: {
        id: campaign.campaignId, name: campaign.name, topic: campaign.topicKey,
        variant: definition.variants[row.variant]?.key ?? '',
      },
      ...(row.event ? { event: row.event } : {}),
      ...mail,
    };
  }
}

/** The shape of the scores route, from the stored row. */
function scoresOf(row: StoredScores | null): RenderScores {
  if (!row) return { rfm: null, value: null };
  const { recency, frequency, monetary, rfmGroup, probabilityAlive, expectedPurchases90d, expectedValue90d } = row;
  return {
    rfm: { recency, frequency, monetary, group: rfmGroup },
    value: probabilityAlive === null || expectedPurchases90d === null || expectedValue90d === null
      ? null : { probabilityAlive, expectedPurchases90d, expectedValue90d },
  };
}
