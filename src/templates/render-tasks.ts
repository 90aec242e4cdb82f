import { BoundedCache } from './bounded-cache.js';
import type { CompiledContent } from './compiled-content.js';
import { compileLocale, renderLocale, type LocaleRequest, type LocaleResult, type LocaleSource } from './locale-rendering.js';
import { RenderBudget } from './render-state.js';

/** Characters of source kept compiled in one thread. */
const CACHE_WEIGHT = 1_000_000;
const compiled = new BoundedCache<CompiledContent>(CACHE_WEIGHT);

/** What a thread does: one message, with the whole budget. @param key of the template's version and locale, which never change */
export function renderMessage(key: string, source: LocaleSource, request: LocaleRequest): LocaleResult {
  let content = compiled.get(key);
  if (!content) {
    content = compileLocale(source);
    compiled.set(key, content, JSON.stringify(source.content).length);
  }
  return renderLocale(content, request, new RenderBudget());
}
