/** Fields of a push after rendering; what rendered to nothing is absent. Compatible with what the push channel takes. */
export interface RenderedPush {
  title?: string;
  body?: string;
  imageUrl?: string;
  deepLink?: string;
  /** FCM takes text only: numbers and booleans as text, objects and lists as JSON. */
  data?: Record<string, string>;
  /** No notification; title, body and imageUrl, where the template has them, stand in `data` for the app to draw. */
  dataOnly?: boolean;
  android?: Record<string, unknown>;
  apns?: Record<string, unknown>;
  webpush?: Record<string, unknown>;
}

/** A mail after rendering; html and text are whole: footer and preheader are in them. */
export interface RenderedEmail {
  subject: string;
  html: string;
  text: string;
  fromName?: string;
  from?: string;
  replyTo?: string;
}

/** `error` names the field, the variable and what is wrong; it is the detail of a `render_error`. */
export type RenderResult =
  | { ok: true; channel: 'push'; content: RenderedPush }
  | { ok: true; channel: 'email'; content: RenderedEmail }
  | { ok: false; error: string };
