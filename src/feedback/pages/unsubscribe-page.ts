import { html, type Markup } from '../../platform/html/index.js';
import type { Texts } from './texts.js';

const say = (text: string, what: string): string => text.replace('{what}', () => what);

/** Asks; only the button's POST changes anything. The field is the one of RFC 8058, so that both forms are one. */
export function unsubscribeQuestion(texts: Texts, what: string, preferencesUrl: string): Markup {
  return html`<h1>${texts.unsubscribe}</h1>
<p>${say(texts.unsubscribeQuestion, what)}</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><p><button type="submit">${texts.unsubscribeButton}</button></p></form>
<p class="soft"><a href="${preferencesUrl}">${texts.managePreferences}</a></p>`;
}

export function unsubscribeDone(texts: Texts, what: string, preferencesUrl: string): Markup {
  return html`<h1 role="status">${texts.unsubscribed}</h1>
<p>${say(texts.unsubscribedDetail, what)}</p>
<p class="soft"><a href="${preferencesUrl}">${texts.managePreferences}</a></p>`;
}

export function badLink(texts: Texts): Markup {
  return html`<h1>${texts.badLink}</h1><p>${texts.badLinkDetail}</p>`;
}
