import { html, type Markup } from '../../platform/html/index.js';
import { effectiveStates, fieldOf, SHOWN, type PreferenceState } from '../preferences.js';
import { nameIn, type Texts } from './texts.js';

export interface ListedTopic {
  readonly key: string;
  readonly name: Record<string, string>;
}

/** A form of plain checkboxes; works without scripts. The hidden field says which boxes stood there to be left empty. */
export function preferencesForm(
  texts: Texts, state: PreferenceState, topics: readonly ListedTopic[], wished: readonly (string | null)[], saved: boolean,
): Markup {
  const states = effectiveStates(state, topics.map((topic) => topic.key));
  const box = (field: string, label: string): Markup =>
    states.get(field)
      ? html`<label><input type="checkbox" name="${field}" value="on" checked> ${label}</label>`
      : html`<label><input type="checkbox" name="${field}" value="on"> ${label}</label>`;
  const channel = (name: 'push' | 'email'): Markup => html`<fieldset><legend>${texts[name]}</legend>${box(fieldOf(name, ''), texts.allOf)}
<div class="topics">${topics.map((topic) => box(fieldOf(name, topic.key), nameIn(topic.name, wished, topic.key)))}</div></fieldset>`;
  return html`<h1>${texts.preferences}</h1>
${saved ? html`<p class="note" role="status">${texts.saved}</p>` : html`<p>${texts.preferencesIntro}</p>`}
<form method="post"><input type="hidden" name="${SHOWN}" value="${[...states.keys()].join(' ')}">
${channel('email')}${channel('push')}
<p><button type="submit">${texts.save}</button></p></form>`;
}
