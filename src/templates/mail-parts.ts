import { escapeHtml, escapeUrlAttribute } from './html-escape.js';
import { htmlToText } from './html-to-text.js';

export interface MailLinks {
  readonly unsubscribe: string;
  readonly preferences: string;
}

/** The two links under marketing mail, by language; English for every other. */
const WORDS: Record<string, { unsubscribe: string; preferences: string }> = {
  en: { unsubscribe: 'Unsubscribe', preferences: 'Choose what you receive' },
  de: { unsubscribe: 'Abmelden', preferences: 'Einstellungen ändern' },
  fr: { unsubscribe: 'Se désabonner', preferences: 'Gérer mes préférences' },
  es: { unsubscribe: 'Darse de baja', preferences: 'Gestionar mis preferencias' },
  it: { unsubscribe: 'Annulla l’iscrizione', preferences: 'Gestisci le preferenze' },
  nl: { unsubscribe: 'Afmelden', preferences: 'Voorkeuren wijzigen' },
  pt: { unsubscribe: 'Cancelar subscrição', preferences: 'Gerir preferências' },
  pl: { unsubscribe: 'Wypisz się', preferences: 'Zmień ustawienia' },
};

export interface MailBody {
  readonly html: string;
  readonly text: string;
}

/**
 * The two parts of a mail: a footer where marketing mail shows neither of its links, the text made from the HTML where there is none,
 * and the preheader as a hidden first line. Whether a link is shown is judged by the rendered mail: one in a branch that was not
 * taken helps nobody.
 */
export function mailBody(
  rendered: { html: string; text?: string | undefined; preheader?: string | undefined },
  locale: string,
  footerLinks: MailLinks | undefined,
): MailBody {
  const shows = (body: string): boolean =>
    !footerLinks || [footerLinks.unsubscribe, footerLinks.preferences].some((url) => body.includes(url) || body.includes(escapeUrlAttribute(url)) || body.includes(escapeHtml(url)));
  const html = shows(rendered.html) ? rendered.html : insertBeforeEnd(rendered.html, htmlFooter(footerLinks!, locale));
  const own = rendered.text;
  const text = own === undefined ? htmlToText(html) : shows(own) ? own : `${own.trimEnd()}\n\n${textFooter(footerLinks!, locale)}`;
  return { html: rendered.preheader === undefined ? html : insertAfterBodyTag(html, hiddenLine(rendered.preheader)), text };
}

function wordsFor(locale: string): { unsubscribe: string; preferences: string } {
  const language = locale.split('-')[0]!.toLowerCase();
  return Object.hasOwn(WORDS, language) ? WORDS[language]! : WORDS['en']!;
}

function htmlFooter(links: MailLinks, locale: string): string {
  const words = wordsFor(locale);
  const link = (url: string, label: string): string => `<a href="${escapeUrlAttribute(url)}" style="color:#666">${escapeHtml(label)}</a>`;
  return '<p style="margin:24px 0 0;font-size:12px;line-height:18px;color:#666;text-align:center">'
    + `${link(links.unsubscribe, words.unsubscribe)} · ${link(links.preferences, words.preferences)}</p>`;
}

function textFooter(links: MailLinks, locale: string): string {
  const words = wordsFor(locale);
  return `--\n${words.unsubscribe}: ${links.unsubscribe}\n${words.preferences}: ${links.preferences}`;
}

/** Mail readers show the first words of a mail beside its subject; the blanks keep what follows out of that line. */
function hiddenLine(preheader: string): string {
  return `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${escapeHtml(preheader)}${'&#847;&zwnj;&nbsp;'.repeat(40)}</div>`;
}

function insertBeforeEnd(html: string, part: string): string {
  const at = [...html.matchAll(/<\/body/gi)].at(-1)?.index ?? html.length;
  return html.slice(0, at) + part + html.slice(at);
}

function insertAfterBodyTag(html: string, part: string): string {
  const open = html.search(/<body[\s>]/i);
  const at = open < 0 ? 0 : html.indexOf('>', open) + 1;
  return html.slice(0, at) + part + html.slice(at);
}
