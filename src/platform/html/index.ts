export { Markup, html } from './html.js';
export { Style, pageAnswer, sendPage, type Page } from './page.js';
