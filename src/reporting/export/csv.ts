/** What a cell may hold. A list is written as its items with `;` between. */
export type Cell = string | number | Date | readonly string[] | null;

// Spreadsheets run a text that begins so as a formula, also behind blanks; the last four are what Apple Numbers takes for them.
const FORMULA = /^[\s\0]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n\0]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** One record of RFC 4180, with its line end. Texts that a spreadsheet would run get an apostrophe; numbers stay numbers. */
export function csvRecord(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

export function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  if (cell instanceof Date) return cell.toISOString();
  const text = typeof cell === 'string' ? cell : cell.join(';');
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
