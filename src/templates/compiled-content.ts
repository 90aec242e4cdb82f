import type { Json } from './fcm-fields.js';
import { mailDomain } from './mail-address.js';
import type { Mistake } from './mistake.js';
import { oneLine, type FieldKind } from './output-mode.js';
import { RenderFailure, type RenderState } from './render-state.js';
import type { CompiledText } from './template-compiler.js';
import { MAX_LENGTH, NESTED_FIELDS, TEXT_FIELDS, mapTexts, schemesOf, sourceFields, type TemplateChannel } from './template-fields.js';
import { addressFault } from './url-rules.js';

export type Compile = (source: string, kind: FieldKind, path: string) => CompiledText;

/** One locale of one version of a template: every text compiled once, rendered as often as there are people. */
export class CompiledContent {
  private readonly texts = new Map<string, { render: CompiledText; kind: FieldKind }>();

  constructor(
    readonly channel: TemplateChannel,
    /** The locale as the author wrote it: names the field in failures. */
    readonly locale: string,
    private readonly content: Json,
    compile: Compile,
  ) {
    for (const { name, source, kind } of sourceFields(channel, content)) {
      const constant: CompiledText = () => source;
      this.texts.set(name, { kind, render: source.includes('{{') ? compile(source, kind, this.pathOf(name)) : constant });
    }
  }

  /** Every field rendered, and what failed. Fields that rendered to nothing are absent. */
  render(context: object, state: RenderState): { fields: Json; failures: Mistake[] } {
    const failures: Mistake[] = [];
    const attempt = (name: string): string | undefined => {
      try {
        return this.renderText(name, context, state);
      } catch (error) {
        if (!(error instanceof RenderFailure)) throw error;
        failures.push({ path: this.pathOf(name), message: error.message });
        return undefined;
      }
    };
    const fields: Json = {};
    for (const name of Object.keys(TEXT_FIELDS[this.channel])) {
      const text = this.texts.has(name) ? attempt(name) : undefined;
      if (text !== undefined && text !== '') fields[name] = text;
    }
    if (this.channel === 'push') {
      for (const name of NESTED_FIELDS) {
        if (this.content[name] !== undefined) fields[name] = mapTexts(this.content[name], name, (_, at) => attempt(at));
      }
      if (this.content['dataOnly'] === true) fields['dataOnly'] = true;
    }
    return { fields, failures };
  }

  private renderText(name: string, context: object, state: RenderState): string {
    const { render, kind } = this.texts.get(name)!;
    const text = render(context, state);
    const finished = kind === 'header' ? oneLine(text) : kind === 'url' ? text.trim() : text;
    const fault = faultOf(name, kind, finished);
    if (fault) throw new RenderFailure(fault);
    return finished;
  }

  private pathOf(name: string): string {
    return `content.${this.locale}.${name}`;
  }
}

/** Without these a message would be empty; a push whose app draws it has neither. */
const NEVER_EMPTY = new Set(['title', 'body', 'subject', 'html']);

function faultOf(name: string, kind: FieldKind, text: string): string | undefined {
  if (text.trim() === '') return NEVER_EMPTY.has(name) ? 'renders to nothing' : undefined;
  const max = MAX_LENGTH[name];
  if (max !== undefined && text.length > max && [...text].length > max) return `is longer than ${max} characters`;
  if (kind === 'url') return addressFault(text, schemesOf(name));
  if (name === 'replyTo' && mailDomain(text) === undefined) return 'is not a mail address';
  return undefined;
}
