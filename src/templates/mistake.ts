/** One thing wrong with a template: where (`content.en.title`) and what. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** More would only bury the first ones. */
export const MAX_MISTAKES = 50;
