import type { Request, Response } from 'express';
import { notFound } from '../../platform/errors/index.js';
import { sendPage } from '../../platform/html/index.js';
import { PAGE_STYLE } from './style.js';
import { acceptedLocales, textsFor, type Texts } from './texts.js';
import { badLink } from './unsubscribe-page.js';

/** The language of one answer. */
export interface Speech {
  readonly locale: string;
  readonly texts: Texts;
  /** The person's languages, the most wished first. */
  readonly wished: readonly string[];
}

/** In the person's language as far as it is known, else in the browser's. */
export function speak({ headers }: Pick<Request, 'headers'>, locale: string | null | undefined): Speech {
  const wished = [...(locale ? [locale] : []), ...acceptedLocales(headers['accept-language'])];
  return { wished, ...textsFor(wished) };
}

/** 404 for a token that is not ours: a page for browsers, a problem for programs. */
export function refuseLink(request: Request, response: Response): void {
  if (request.accepts(['json', 'html']) !== 'html') throw notFound('link');
  const { locale, texts } = speak(request, undefined);
  sendPage(response, 404, { locale, title: texts.badLink, style: PAGE_STYLE, body: badLink(texts) });
}
