import { count } from './bars.mjs';

/** Users by each score from 1 to 5, as a text. */
export function byScore(grid, dimension) {
  return grid.scores[dimension].join('/');
}

/** Lines for the terminal. */
export function rfmLines(grid) {
  const lines = [['R', 'recency'], ['F', 'frequency'], ['M', 'monetary']].map(([letter, dimension]) =>
    `  ${letter} ${byScore(grid, dimension)}`);
  const groups = grid.groups.filter(({ users }) => users > 0)
    .map(({ group, users, share }) => `${group} ${count(users)} (${(share * 100).toFixed(1)} %)`);
  return [`  ${count(grid.users)} users with a purchase as of ${grid.asOf}; users by score 1 to 5:`, ...lines, ...wrapped('  groups: ', groups)];
}

/** Joins parts to lines of at most 118 characters. */
export function wrapped(first, parts, separator = ' · ') {
  const lines = [];
  let line = first;
  for (const [index, part] of parts.entries()) {
    const text = index < parts.length - 1 ? part + separator : part;
    if (line.length + text.length > 118 && line.trim() !== first.trim()) {
      lines.push(line.trimEnd());
      line = ' '.repeat(first.length);
    }
    line += text;
  }
  return [...lines, line];
}
