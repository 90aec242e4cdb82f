const ENTITIES: Record<string, string> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;', '`': '&#x60;', '=': '&#x3D;',
};

/** Text for HTML, safe as content and inside quoted attributes; the same table as Handlebars' own. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`=]/g, (char) => ENTITIES[char]!);
}

/** An encoded URL inside a quoted attribute: only the ampersand is left to escape, and `=` stays readable to every link tracker. */
export function escapeUrlAttribute(url: string): string {
  return url.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
}
