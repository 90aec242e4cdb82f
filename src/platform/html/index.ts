export { Markup, html } from './html.js';
export { Style, sendPage, type Page } from './page.js';
