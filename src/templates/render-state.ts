/** A template that cannot be rendered for this person; the message is for the marketer. */
export class RenderFailure extends Error {}

/** The message asks for more than the event loop gives to one message: it belongs into a thread. Says nothing about the person. */
export class TooMuchInline extends Error {}

export const RENDER_LIMITS = {
  /** Characters of one rendered field. */
  output: 256 * 1024,
  /** Units of work of one message over all its fields: a variable or an iteration is 1, formatting more. About 1 µs each on a quiet machine. */
  work: 20_000,
  /** Of these, what one message may take of the event loop: a cart of ten lines takes 50, an ordinary push 2. */
  inlineWork: 1_000,
  loopItems: 100,
} as const;

/** What formatting costs in units of work, measured: Intl with a kept formatter, Luxon with the offset it looks up. */
export const COST = { step: 1, number: 5, luxon: 30, textPerUnit: 64 } as const;

/**
 * Bounds one message's rendering by counting, not by the clock, so that the same message always has the same fate, on whatever
 * machine.
 */
export class RenderBudget {
  private work = 0;

  /** @param inline whether the rendering holds up the event loop */
  constructor(private readonly inline = false) {}

  /** @throws RenderFailure when the message has used up its work, TooMuchInline when it has used up its share of the event loop */
  spend(units: number): void {
    this.work += units;
    if (this.inline && this.work > RENDER_LIMITS.inlineWork) throw new TooMuchInline();
    if (this.work > RENDER_LIMITS.work) throw new RenderFailure('takes too much work to render (nested loops?)');
  }

  /** Text that is about to be copied: its length is work, and more than a field may hold is refused before it is touched. */
  text(length: number): void {
    if (length > RENDER_LIMITS.output) throw new RenderFailure(`is longer than ${RENDER_LIMITS.output / 1024} KB`);
    this.spend(COST.step + Math.floor(length / COST.textPerUnit));
  }
}

/** What helpers need to know of the message being rendered. */
export interface RenderState {
  readonly budget: RenderBudget;
  /** BCP 47. */
  readonly locale: string;
  /** IANA. */
  readonly zone: string;
  /** ISO 4217, where a helper is given none. */
  readonly currency: string;
}

/** A variable without a value, on its way to the output or to a `default`. Remembers its name, so that the failure can tell. */
export class Missing {
  constructor(readonly name: string) {}
}

/** A fallback that the author wrote as `""`: the only way to say that nothing is fine. */
export const NOTHING = Symbol('nothing');

/** Absent, null or blank text: what would make "Hi ,". */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (typeof value === 'string' && value.trim() === '');
}

/** What conditions go by. A missing variable is false here, never an error; 0 is false, as in JavaScript and Handlebars. */
export function isTruthy(value: unknown): boolean {
  if (value instanceof Missing || value === NOTHING || isBlank(value)) return false;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
