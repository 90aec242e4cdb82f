import type { FieldKind } from './output-mode.js';
import type { Json } from './fcm-fields.js';

export type TemplateChannel = 'push' | 'email';

/** What a push or a mail consists of, each text with the way its variables are written. */
export const TEXT_FIELDS: Record<TemplateChannel, Readonly<Record<string, FieldKind>>> = {
  push: { title: 'plain', body: 'plain', imageUrl: 'url', deepLink: 'url' },
  email: { subject: 'header', preheader: 'header', html: 'html', text: 'plain', fromName: 'header', from: 'header', replyTo: 'header' },
};

/** The fields of a push whose nested texts are templates as well. */
export const NESTED_FIELDS = ['data', 'android', 'apns', 'webpush'] as const;

/** Most characters of a field once rendered. */
export const MAX_LENGTH: Readonly<Record<string, number>> = { title: 200, body: 1_000, subject: 500, preheader: 500, fromName: 200 };

export interface SourceField {
  /** Inside the locale's content: `title`, `data.coupon`, `apns.payload.items[0]`. */
  readonly name: string;
  readonly source: string;
  readonly kind: FieldKind;
}

/** Every template text of one locale's content. */
export function sourceFields(channel: TemplateChannel, content: Json): SourceField[] {
  const fields: SourceField[] = [];
  for (const [name, kind] of Object.entries(TEXT_FIELDS[channel])) {
    const source = content[name];
    if (typeof source === 'string') fields.push({ name, source, kind });
  }
  if (channel === 'push') {
    for (const name of NESTED_FIELDS) mapTexts(content[name], name, (source, at) => fields.push({ name: at, source, kind: kindOf(at) }));
  }
  return fields;
}

/** A copy of `value` with every text in it replaced; keys, numbers and the rest stay. */
export function mapTexts(value: unknown, name: string, replace: (text: string, name: string) => unknown): unknown {
  if (typeof value === 'string') return replace(value, name);
  if (Array.isArray(value)) return value.map((item, i) => mapTexts(item, `${name}[${i}]`, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, `${name}.${key}`, replace)]));
}

/** The places in FCM's blocks that a device opens or loads are addresses, with the same rules as `deepLink`. */
function kindOf(name: string): FieldKind {
  return /^(?:webpush\.(?:fcm_options|fcmOptions)\.link|webpush\.notification\.(?:image|icon|badge)|android\.notification\.image|apns\.(?:fcm_options|fcmOptions)\.image)$/.test(name)
    ? 'url'
    : 'plain';
}

/** The schemes a URL field may have; undefined: any that is safe, an app's own included. */
export function schemesOf(name: string): readonly string[] | undefined {
  return name === 'deepLink' ? undefined : ['https'];
}
