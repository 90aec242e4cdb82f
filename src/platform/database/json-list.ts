const SEPARATOR = '\x1f';

/**
 * A list of JSON texts as one text, for a parameter that a statement takes apart with
 * `string_to_array(…, E'\x1f', '')`: the driver would escape each quote of each item of a list, and Postgres take each out again.
 * JSON has no raw control character, so none can stand in an item; null is the empty text, which is no JSON.
 */
export function jsonList(texts: readonly (string | null)[]): string {
  return texts.map((text) => text ?? '').join(SEPARATOR);
}
