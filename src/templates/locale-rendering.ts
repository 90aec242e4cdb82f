import { CompiledContent } from './compiled-content.js';
import type { Json } from './fcm-fields.js';
import type { MailLinks } from './mail-parts.js';
import { assembleEmail, assemblePush } from './message-assembly.js';
import type { Mistake } from './mistake.js';
import type { RenderContext } from './render-context.js';
import type { RenderedEmail, RenderedPush } from './render-result.js';
import type { RenderBudget, RenderState } from './render-state.js';
import { compileTemplate } from './template-compiler.js';
import { sourceFields, type TemplateChannel } from './template-fields.js';

/** One locale of one version of a template, as it is stored. Plain data: it travels to threads. */
export interface LocaleSource {
  readonly channel: TemplateChannel;
  /** The locale as the author wrote it. */
  readonly name: string;
  readonly content: Json;
}

/** One message to be rendered from a locale's source. Plain data as well. */
export interface LocaleRequest {
  /** BCP 47, canonical: the language of the footer. */
  readonly locale: string;
  readonly context: RenderContext;
  readonly state: Omit<RenderState, 'budget'>;
  /** What a mail has to show: of marketing mail only. */
  readonly links?: MailLinks | undefined;
}

export type LocaleResult =
  | { readonly ok: true; readonly content: RenderedPush | RenderedEmail }
  | { readonly ok: false; readonly failures: Mistake[] };

export function compileLocale({ channel, name, content }: LocaleSource, onText: () => void = () => undefined): CompiledContent {
  return new CompiledContent(channel, name, content, (source, kind, path) => {
    onText();
    return compileTemplate(source, kind, path);
  });
}

/** Never throws for what is in the template or the person's data, but for the budget's TooMuchInline. */
export function renderLocale(compiled: CompiledContent, { locale, context, state, links }: LocaleRequest, budget: RenderBudget): LocaleResult {
  const { fields, failures } = compiled.render(context, { ...state, budget });
  if (failures.length > 0) return { ok: false, failures };
  return { ok: true, content: compiled.channel === 'push' ? assemblePush(fields) : assembleEmail(fields, locale, links) };
}

/** How many `{{` a locale's texts have: compiling costs some 60 µs each. */
export function countMustaches({ channel, content }: LocaleSource): number {
  return sourceFields(channel, content).reduce((sum, { source }) => sum + source.split('{{').length - 1, 0);
}
