import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { sendAnswer, type Answer } from '../answer/index.js';
import { Markup, html } from './html.js';

/** A style sheet with its hash: the only style that the page's policy lets apply. */
export class Style {
  readonly hash: string;
  readonly markup: Markup;

  constructor(css: string) {
    this.hash = createHash('sha256').update(css).digest('base64');
    this.markup = new Markup(css);
  }
}

export interface Page {
  readonly locale: string;
  readonly title: string;
  readonly style: Style;
  readonly body: Markup;
}

/** A page that loads nothing, runs nothing, may be framed by nobody and posts only to where it came from. */
export function pageAnswer(status: number, page: Page): Answer {
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy':
      `default-src 'none'; style-src 'sha256-${page.style.hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Robots-Tag': 'noindex',
  };
  return { status, headers, body: html`<!doctype html>
<html lang="${page.locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${page.title}</title><style>${page.style.markup}</style></head>
<body><main>${page.body}</main></body></html>
`.text };
}

export function sendPage(response: Response, status: number, page: Page): void {
  sendAnswer(response, pageAnswer(status, page));
}
