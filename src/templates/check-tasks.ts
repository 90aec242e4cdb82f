import { checkContent } from './template-content.js';
import { checkTemplate } from './template-compiler.js';
import type { Mistake } from './mistake.js';
import type { TemplateChannel } from './template-fields.js';

/** Everything wrong with the content of a template, on the event loop or in a thread. */
export function checkTexts(channel: TemplateChannel, content: unknown, mailFromDomains: readonly string[]): Mistake[] {
  return checkContent(channel, content, { mailFromDomains, checkTemplate });
}
