import type { Cut, Cutter } from './record-reader.js';

/** One line, without its end. */
export const cutLine: Cutter<string> = (text, from, atEnd) => {
  const newline = text.indexOf('\n', from);
  if (newline === -1 && !atEnd) return undefined;
  const stop = newline === -1 ? text.length : newline;
  return { value: text.slice(from, text[stop - 1] === '\r' && stop > from ? stop - 1 : stop), end: newline === -1 ? stop : newline + 1 };
};

const DELIMITERS = [',', ';', '\t'];

/** What separates the cells: the first line tells, for spreadsheets of half the world write semicolons. */
export function delimiterOf(header: string): string {
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** A CSV record (RFC 4180; line ends may be LF; a quote inside an unquoted cell is text). The first record decides the delimiter. */
export function csvCutter(): Cutter<string[]> {
  let delimiter: string | undefined;
  return (text, from, atEnd) => {
    const line = cutLine(text, from, atEnd);
    if (line === undefined || !('value' in line)) return undefined;
    delimiter ??= delimiterOf(line.value);
    return line.value.includes('"') ? cutQuoted(text, from, atEnd, delimiter) : { value: line.value.split(delimiter), end: line.end };
  };
}

function cutQuoted(text: string, from: number, atEnd: boolean, delimiter: string): Cut<string[]> | undefined {
  const cells: string[] = [];
  for (let at = from; ;) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at, delimiter);
    if (cell === undefined) return atEnd ? { fault: 'has a quote that is never closed' } : undefined;
    cells.push(cell.text);
    at = cell.end;
    if (text.startsWith('\r\n', at)) return { value: cells, end: at + 2 };
    if (text[at] === '\n') return { value: cells, end: at + 1 };
    if (at >= text.length) return atEnd ? { value: cells, end: at } : undefined;
    if (text[at] === '\r' && at + 1 === text.length && !atEnd) return undefined;
    if (text[at] !== delimiter) return { fault: 'has text between the closing quote of a cell and the next delimiter' };
    at += 1;
  }
}

interface Cell {
  text: string;
  end: number;
}

/** @returns undefined where the closing quote is still to come. */
function quotedCell(text: string, from: number): Cell | undefined {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return { text: text.slice(from + 1, at).replaceAll('""', '"'), end: at + 1 };
  }
  return undefined;
}

function plainCell(text: string, from: number, delimiter: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end += 1;
  if (text[end] === '\n' && end > from && text[end - 1] === '\r') end -= 1;
  return { text: text.slice(from, end), end };
}
