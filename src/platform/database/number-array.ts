/**
 * An array of numbers as PostgreSQL reads it, for a parameter. The driver quotes and escapes each item of a list, which for the three number
 * columns of a batch of events takes as long as all the rest of sending it; numbers need neither.
 * @param numbers digits, as text or not; null stays null
 */
export function numberArray(numbers: readonly (number | string | null)[]): string {
  return `{${numbers.map((number) => number ?? 'NULL').join(',')}}`;
}

/** The same for words out of a closed set (letters and `_`), none of which is `null`: the names of an enumeration. */
export const wordArray: (words: readonly (string | null)[]) => string = numberArray;
