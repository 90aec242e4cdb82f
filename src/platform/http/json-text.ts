/**
 * The JSON text of a value that came out of JSON.parse.
 * @returns undefined where a number is out of range (`1e999` is Infinity by now): JSON.stringify would quietly make it null.
 */
export function jsonText(value: unknown): string | undefined {
  const text = JSON.stringify(value);
  // A null in the text is either one that was sent or such a number; only then is the walk worth its time.
  return text.includes('null') && hasInfinity(value) ? undefined : text;
}

function hasInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return value !== null && typeof value === 'object' && Object.values(value).some(hasInfinity);
}
